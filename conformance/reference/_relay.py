"""The reference server as a client: one message to the next hop, every choice of a client a decision point."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar

import trio

from conformance.client import Layered
from conformance.reference._conversion import Conversion, Outward
from conformance.reference._decision import Decisions, decision, decision_by
from conformance.reference._delays import is_traced, mode_of
from conformance.reference._limits import NONE, Limits, divided, has_form, is_number, pairs
from conformance.reference._login import Account, Login
from conformance.reference._parameters import Parameters
from conformance.reference._relay_tls import Protection, unverified
from conformance.reference._report import Reported
from conformance.reference._site import HOST, SUBMISSIONS_DOMAIN
from conformance.wire import CRLF, Reply, ReplyReader, stuff
from conformance.wire.digest_md5 import IntegrityLayer

DialNextHop = Callable[[], Awaitable[trio.abc.Stream]]
"""Opens one stream to the next hop; raises ``OSError`` when it can't."""

PATIENCE = {"greeting": 300.0, "DATA": 120.0, "block": 180.0, "end of data": 600.0}
"""Seconds that a reply is waited for, where it is not those of MAIL and RCPT, or that a block may take (§4.5.3.2)."""

BLOCK = 16 * 1024
"""Octets of mail data that are sent at a time."""

CHUNK, CHUNKED_FROM = 32 * 1024, 64 * 1024
"""Octets of a chunk, and of the smallest message in lines that is sent in chunks."""

GROUPED_FROM = 3
"""As many recipients are worth a group of commands."""

USUAL_PATIENCE = 300.0

RECIPIENTS_AT_LEAST = 100
"""As many recipients as every server has to take (§4.5.3.1.8)."""

CONNECTION_LOST = b"421 4.4.2 The connection was lost"

PASSED_ON = {
    b"RET": b"DSN",
    b"ENVID": b"DSN",
    b"NOTIFY": b"DSN",
    b"ORCPT": b"DSN",
    b"SMTPUTF8": b"SMTPUTF8",
    b"MT-PRIORITY": b"MT-PRIORITY",
    b"RRVS": b"RRVS",
    b"BY": b"DELIVERBY",
    b"REQUIRETLS": b"REQUIRETLS",
    b"MTRK": b"MTRK",
    b"SOLICIT": b"NO-SOLICITING",
    b"AUTH": b"AUTH",
}
"""The parameters that go on as they came, and the extension that each belongs to."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Failed:
    """A recipient whose copy was not taken, the reply that said so, and the name of the host that gave it.

    ``own_status`` is a status of our own, where it did not fail for that reply.
    """

    forward_path: bytes
    reason: bytes
    remote: bytes = b""
    own_status: bytes = b""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one try: who is refused for good, and who for now; all others have their copy.

    ``relayed`` are those of them whose next hop sends no notifications of success. ``unprotected`` says that the
    message wants TLS, and that another host may be one to which it can go. For those who are ``left`` the next hop's
    limits leave no room in the session.
    """

    failed: tuple[Failed, ...] = ()
    deferred: tuple[Failed, ...] = ()
    mail_refused: bool = False
    relayed: tuple[Reported, ...] = ()
    unprotected: bool = False
    left: tuple[bytes, ...] = ()

    def and_then(self, other: Sent) -> Sent:
        """What became of this and of another transaction of the same message."""
        return Sent(
            (*self.failed, *other.failed),
            (*self.deferred, *other.deferred),
            self.mail_refused or other.mail_refused,
            (*self.relayed, *other.relayed),
            self.unprotected or other.unprotected,
            (*self.left, *other.left),
        )


@dataclass(frozen=True, slots=True)
class OtherMail:
    """A message that waits for the same next hop and does not insist on TLS."""

    reverse_path: bytes
    forward_paths: tuple[bytes, ...]
    content: bytes
    parameters: Parameters


class _LostError(Exception):
    """The next hop is gone, or says nothing."""


class RelaySession:
    """One session with the next hop, for one message; ``wants`` are the extensions that it would have on its way.

    It starts TLS where that is offered, unless it is to stay ``clear``, or begins with it where it ``submits``.
    ``remembered`` are limits of an earlier session that count in the place of those that it is told. ``others`` go in
    this session where it is not safe enough for the message itself.
    """

    BEHIND_THE_REPLY: ClassVar = True

    def __init__(
        self,
        stream: trio.abc.Stream,
        decisions: Decisions,
        *,
        wants: frozenset[bytes] = frozenset(),
        account: Account | None = None,
        protection: Protection = Protection(),  # noqa: B008 - it is frozen
        clear: bool = False,
        submits: bool = False,
        remembered: Limits | None = None,
        others: tuple[OtherMail, ...] = (),
        lmtp: bool = False,
    ) -> None:
        self.stream = stream
        self.lmtp = lmtp
        self.login = Login(decisions, account, self) if account else None
        self.decisions = decisions
        self.reader = ReplyReader()
        self.heard = bytearray()
        self.wants = wants
        self.protection, self.clear, self.remembered = protection, clear, remembered
        self.submits = submits
        self.told_limits = NONE
        self.others = others
        self.is_notification = self.verified = self.handshake_failed = False
        self.offers: dict[bytes, bytes] = {}
        self.before_tls: dict[bytes, bytes] = {}
        self.remote = b""
        self.ahead: Reply | None = None
        self.parameters = Parameters()
        self.taken = trio.current_time()
        self.recipients, self.reverse_path = 0, b""
        self.secured = self.cut_off = self.waives = self.greeted = self.says_esmtp = False
        self.began = self.data_began = trio.current_time()

    async def send(
        self,
        reverse_path: bytes,
        forward_paths: tuple[bytes, ...],
        content: bytes,
        *,
        eight_bit: bool,
        parameters: Parameters,
        taken: float,
    ) -> Sent:
        """Send one message to these recipients and leave; never raises but for cancellation."""
        try:
            async with self.stream:
                self.parameters, self.taken, self.recipients = parameters, taken, len(forward_paths)
                self.reverse_path = reverse_path
                return await self._session(reverse_path, forward_paths, content, eight_bit=eight_bit)
        except (_LostError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            counted = self.counts_lost_as()
            return refused(forward_paths, counted) if counted.startswith(b"5") else _put_off(forward_paths, counted)

    def _all(self, forward_paths: Iterable[bytes], reply: Reply) -> Sent:
        return _sorted([(each, reply) for each in forward_paths], self.remote)

    async def _session(
        self, reverse_path: bytes, forward_paths: tuple[bytes, ...], content: bytes, *, eight_bit: bool
    ) -> Sent:
        if self.submits and not await self._tls_first():
            return _put_off(forward_paths, b"454 4.7.5 The certificate is not good enough")
        early = not self.waits_for_greeting()
        if early:
            await self.stream.send_all(b"EHLO " + self.own_name() + CRLF)
        greeting = await self._reply("greeting")
        self.greeted = True
        self.says_esmtp = b"ESMTP" in greeting.text.upper()
        self.remote = greeting.lines[0].text.split(b" ")[0]
        if greeting.severity != 2:
            return await self._leave(self._all(forward_paths, greeting), served=False)
        hello, mail = await self._hello(reverse_path, said_ehlo=early)
        if hello.severity != 2:
            return await self._leave(self._all(forward_paths, hello), served=False)
        obstacle = await self._obstacle(hello)
        if obstacle:
            return await self._leave(_put_off(forward_paths, obstacle))
        self.is_notification = not reverse_path
        self.waives = b"TLS-REQUIRED: NO" in content.partition(CRLF + CRLF)[0].upper()
        if mail is None and self.login is None and b"STARTTLS" in self.offers:
            await self._start_tls()
        content = self._converted(forward_paths, content)
        reason = self.cannot_send(reverse_path, forward_paths, content)
        if reason:
            return await self._leave(await self._unsent(forward_paths, reason))
        together, left = divided(forward_paths, self._limits())
        sent = Sent(left=left)
        for each in together:
            reply = mail or await self._mail(reverse_path, content, eight_bit=eight_bit)
            sent, mail = sent.and_then(await self._transaction(reply, each, content)), None
        return await self._leave(sent)

    async def _unsent(self, forward_paths: tuple[bytes, ...], reason: bytes) -> Sent:
        """What becomes of a message that can't be sent here, and of others where that is for want of TLS."""
        sent = replace(self.without_a_way(forward_paths, reason), unprotected=self.wants_tls())
        for other in self.others if sent.unprotected else ():
            self.parameters = other.parameters
            mail = await self._mail(other.reverse_path, other.content, eight_bit=False)
            await self._transaction(mail, other.forward_paths, other.content)
        return sent

    async def _transaction(self, mail: Reply, forward_paths: tuple[bytes, ...], content: bytes) -> Sent:
        """What follows the reply to MAIL."""
        if not self.is_success(mail):
            return replace(self._all(forward_paths, mail), mail_refused=mail.severity == 5)
        for line in self.before_recipients():
            await self._say(line)
        return await self._recipients(await self._expanded(forward_paths), content)

    def _limits(self) -> Limits:
        """The limits to keep to, where the next hop says any."""
        words = self.said_limits()
        self.told_limits = self.limits(words) if words is not None else NONE
        return self.told_limits if self.remembered is None else self.remembered

    async def _expanded(self, forward_paths: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The recipients as they are, or the members of those that are lists there."""
        found: list[bytes] = []
        for forward_path in forward_paths:
            reply = await self._say(b"EXPN " + forward_path) if self.expands_lists() else None
            known = reply is not None and reply.severity == 2
            members = [line.text.strip(b"<> ") for line in reply.lines] if reply and known else [forward_path]
            found += [member for member in members if member not in found]
        return tuple(found)

    def _converted(self, forward_paths: tuple[bytes, ...], content: bytes) -> bytes:
        """The content as this next hop is to get it; the parameters change with it."""
        lingered = trio.current_time() - self.taken
        conversion = Conversion(self.decisions, frozenset(self.offers))
        message = conversion.converted(Outward(forward_paths, content, self.parameters, lingered))
        self.parameters = message.parameters
        return message.content

    async def _obstacle(self, hello: Reply) -> bytes:
        """Log in where we have an account; returns what is in the way of any mail for now, or nothing."""
        self.offers = _offered(hello)
        obstacle = await self.login.prepare() if self.login else b""
        lacking = [extension for extension in self.wants - self.offers.keys() if self.waits_for(extension)]
        return obstacle or (b"450 The next hop lacks " + lacking[0] if lacking else b"")

    async def say(self, line: bytes, behind: bytes = b"") -> Reply:
        """Say one line, with octets behind it in the same write."""
        await self.stream.send_all(line + CRLF + behind)
        return await self._reply(line[:4].decode("ascii", "replace"))

    async def hello_again(self) -> Reply:
        """EHLO under TLS, whose reply says anew what is offered (RFC 3207 §4.2)."""
        hello = await self._say(b"EHLO " + self.own_name())
        self.offers = self.offers_under_tls(self.offers, _offered(hello))
        return hello

    async def handshake(self, *, keeps: bool) -> bytes | None:
        """Go over to TLS; returns the certificate that the host showed. Clear octets behind the 220 go, or stay."""
        if not keeps:
            self.reader = ReplyReader()
        secure = trio.SSLStream(self.stream, unverified())
        with trio.fail_after(USUAL_PATIENCE):
            await secure.do_handshake()
        self.stream, self.secured = secure, True
        certificate: bytes | None = secure.getpeercert(binary_form=True)
        return certificate

    async def protect(self, layer: IntegrityLayer, *, outside_tls: bool) -> None:
        """Go on under a security layer, inside TLS or, as nobody should, outside it."""
        await trio.lowlevel.checkpoint()
        if outside_tls and isinstance(self.stream, trio.SSLStream):
            self.stream.transport_stream = Layered(self.stream.transport_stream, layer)
        else:
            self.stream = Layered(self.stream, layer)

    def forget_offers(self) -> None:
        """Know nothing of what was offered."""
        self.offers = {}

    async def hello_under_layer(self) -> Reply:
        """EHLO under a security layer; what it says is added to what we know."""
        hello = await self._say(b"EHLO " + self.own_name())
        self.offers = {**self.offers, **_offered(hello)}
        return hello

    @decision
    def offers_under_tls(self, before: dict[bytes, bytes], after: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What counts as offered under TLS: what was offered there, and nothing from before (RFC 3207 §4.2)."""
        del before
        return after

    async def _hello(self, reverse_path: bytes, *, said_ehlo: bool) -> tuple[Reply, Reply | None]:
        """The reply to EHLO or HELO, and that to MAIL where it was sent at once."""
        for line in self.before_hello():
            await self._say(line)
        if self.sends_mail_with_hello():
            await self.stream.send_all(b"EHLO " + self.own_name() + CRLF + b"MAIL FROM:<%b>" % reverse_path + CRLF)
            return await self._reply("EHLO"), await self._reply("MAIL")
        for verb in (b"LHLO",) if self.lmtp else self.hello_verbs():
            said, said_ehlo = said_ehlo, False
            hello = await (self._reply("EHLO") if said else self._say(verb + b" " + self.own_name()))
            if hello.severity != 5 or not self.falls_back(hello):
                break
        return hello, None

    async def _tls_first(self) -> bool:
        """Begin with TLS; whether the host is the one that it should be."""
        secure = trio.SSLStream(self.stream, self.submission_tls(), server_hostname=SUBMISSIONS_DOMAIN.decode("ascii"))
        try:
            with trio.fail_after(self.patience("STARTTLS")):
                await secure.do_handshake()
        except trio.BrokenResourceError:
            return False
        self.stream, self.secured = secure, True
        return True

    @decision
    def submission_tls(self) -> ssl.SSLContext:
        """Our side of TLS that comes first: it verifies the certificate, and the name in it (RFC 8314 §3.3)."""
        return self.protection.trusted or unverified()

    async def _start_tls(self) -> None:
        """Go over to TLS, and say EHLO again (RFC 3207 §4.2); a refusal leaves the session as it was."""
        if self.clear or not self.starts_tls() or (await self._say(b"STARTTLS")).code != 220:
            return
        secure = trio.SSLStream(self.stream, self.tls_client(), server_hostname=self.protection.name or None)
        try:
            with trio.fail_after(self.patience("STARTTLS")):
                await secure.do_handshake()
        except trio.BrokenResourceError:
            self.handshake_failed = True
            if self.wants_tls():
                return
            raise _LostError from None
        self.stream, self.secured, self.reader = secure, True, ReplyReader()
        self.before_tls = self.offers
        self.verified = self.is_known(secure)
        await self.hello_again()

    async def _mail(self, reverse_path: bytes, content: bytes, *, eight_bit: bool) -> Reply:
        parameters = self.outward_parameters(eight_bit or not content.isascii())
        parameters += _written(self.mail_requests(self.parameters, len(content)))
        argument = b" FROM:<%b>%b" % (self.outward_reverse_path(reverse_path), parameters)
        for verb in self.opening_verbs(reverse_path):
            reply = await self._say(verb + argument)
            if self.is_success(reply):
                break
        return reply

    async def _recipients(self, forward_paths: tuple[bytes, ...], content: bytes) -> Sent:
        refused: list[tuple[bytes, Reply]] = []
        taken: list[bytes] = []
        later: list[Failed] = []
        relayed: tuple[Reported, ...] = ()
        replies, to_data = await self._asked(forward_paths, content)
        for forward_path, reply in zip(forward_paths, replies, strict=True):
            if self.is_success(reply):
                taken.append(forward_path)
            elif reply.code == 552 and self.takes_552_for_now(len(taken)):
                later.append(Failed(forward_path, _said(reply), self.remote))
            else:
                refused.append((forward_path, reply))
        if not taken and to_data is not None and self.may_send_data(to_data):
            await self.stream.send_all(self.nothing_for_nobody(content))
            await self._reply("end of nothing")
        elif taken and self.lmtp:
            told, lost = await self._content_by_lmtp(taken, content, to_data)
            refused += [(forward_path, reply) for forward_path, reply in told if not self.is_success(reply)]
            later += [Failed(forward_path, CONNECTION_LOST, self.remote) for forward_path in lost]
        elif taken and (not (refused or later) or self.sends_to_the_rest()):
            reply = await self._content(content, to_data)
            if reply.code == 354 or not self.is_success(reply):
                refused += [(each, reply) for each in taken] if self.answers_for_refused(reply) else []
            elif b"DSN" not in self.offers or self.tells_unasked():
                unasked = self.tells_unasked()
                said = _said(reply)
                relayed = tuple(Reported(each, b"relayed", said, self.remote, unasked=unasked) for each in taken)
        sent = _sorted(refused, self.remote)
        return replace(sent, deferred=(*sent.deferred, *later), relayed=relayed)

    async def _asked(self, forward_paths: tuple[bytes, ...], content: bytes) -> tuple[Sequence[Reply], Reply | None]:
        """The replies to RCPT for each recipient, and that to DATA where it went with them."""
        lines = []
        for forward_path in forward_paths:
            requests = _written(self.rcpt_requests(self.parameters, forward_path))
            place = "more" if forward_path in forward_paths[1:] else "first"
            path = self.outward_forward_path(forward_path)
            lines.append(b"RCPT TO:" + self.written_path(place, path) + requests)
        chunked = self.sends_chunks(len(content))
        if chunked and not self.waits_for_recipients():
            await self.stream.send_all(
                b"".join(line + CRLF for line in lines) + b"BDAT %d LAST" % len(content) + CRLF + content
            )
            replies = [await self._reply("RCPT") for _ in lines]
            self.ahead = await self._reply("end of data")
            return replies, None
        if not self.may_group(len(lines)):
            return [await self._recipient(line) for line in lines], None
        last = [] if chunked else [self.data_line()]
        behind = self.behind_the_group()
        group = b"".join(line + CRLF for line in (*lines, *last, *behind))
        replies = self.assigned(await self._replies(group, len(lines)), forward_paths)
        return replies, await self._reply("DATA") if last else None

    async def _replies(self, group: bytes, number: int) -> list[Reply]:
        """Send a group, and read the replies to the first so many of its commands, while it goes out or behind it."""
        if not self.reads_while_sending():
            await self.stream.send_all(group)
            return [await self._reply("RCPT") for _ in range(number)]
        raised: Exception | None = None
        replies: list[Reply] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send_meanwhile, group)
            try:
                for _ in range(number):
                    replies.append(await self._reply("RCPT"))  # noqa: PERF401 - kept one by one
            except Exception as error:  # noqa: BLE001 - raised again below, where the nursery puts it in no group
                raised = error
                nursery.cancel_scope.cancel()
        if raised is not None:
            raise raised
        return replies

    async def _send_meanwhile(self, octets: bytes) -> None:
        # Who reads the replies is told where the connection breaks.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.stream.send_all(octets)

    async def _recipient(self, line: bytes) -> Reply:
        reply = await self._say(line)
        return await self._say(line) if reply.severity == 4 and self.repeats_recipient() else reply

    async def _chunks(self, content: bytes) -> Reply:
        """Send the message in chunks; the reply to the last one, or to the one that was refused."""
        if self.ahead is not None:
            return self.ahead
        whole = content if self.is_binary() else self.outward_lines(content)
        *before, last = self.cut(whole)
        for number, chunk in enumerate((*before, last)):
            end = b" LAST" if number == len(before) else b""
            await self._send_data(b"BDAT %d%b" % (self.chunk_size(chunk), end) + CRLF + chunk)
            reply = await self._reply("end of data")
            if not self.is_success(reply) and not self.goes_on_behind(reply):
                for line in self.behind_a_refused_chunk():
                    await self._say(line)
                break
        return reply

    async def _content_by_lmtp(
        self, taken: list[bytes], content: bytes, to_data: Reply | None
    ) -> tuple[list[tuple[bytes, Reply]], list[bytes]]:
        """The reply for each recipient, in their order, and the recipients for whom none came (RFC 2033 §4.2, §5)."""
        data = to_data or await self._say(self.data_line())
        if not self.may_send_data(data):
            return [(forward_path, data) for forward_path in taken], []
        await self._send_data(self.outward_data(content))
        told: list[tuple[bytes, Reply]] = []
        with suppress(_LostError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            for forward_path in taken:
                told.append((forward_path, await self._reply("end of data")))  # noqa: PERF401 - kept one by one
        self.cut_off = len(told) < len(taken)
        told = told if not self.cut_off or self.keeps_replies() else []
        return told, taken[len(told) :]

    @decision
    def keeps_replies(self) -> bool:
        """Whether the replies count that came before a connection broke off or fell silent (RFC 2033 §5)."""
        return True

    async def _content(self, content: bytes, to_data: Reply | None) -> Reply:
        if self.sends_chunks(len(content)):
            return await self._chunks(content)
        reply = to_data or await self._say(self.data_line())
        if self.may_send_data(reply):
            await self._send_data(self.outward_data(content))
            return await self._reply("end of data")
        return reply

    @decision
    def sends_by_bdat(self) -> bool:
        """Whether a message without lines goes by BDAT, the only way that it can (RFC 3030 §3)."""
        return True

    @decision
    def is_binary(self) -> bool:
        """Whether the message came as one without lines (RFC 3030 §3)."""
        return (self.parameters.of(b"BODY") or b"").upper() == b"BINARYMIME"

    async def _send_data(self, octets: bytes) -> None:
        self.data_began = trio.current_time()
        for at in range(0, len(octets), BLOCK):
            with trio.fail_after(self.patience("block")):
                await self.stream.send_all(octets[at : at + BLOCK])

    async def _leave(self, sent: Sent, *, served: bool = True) -> Sent:
        if self.cut_off:
            return sent
        with suppress(_LostError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            for line in self.farewell() if served else self.farewell_to_none():
                if not self.waits_for_221():
                    await self.stream.send_all(line + CRLF)
                    break
                await self._say(line)
        return sent

    async def _say(self, line: bytes) -> Reply:
        verb, space, argument = line.partition(b" ")
        await self.stream.send_all(self.verb_as_said(verb) + space + argument + CRLF)
        return await self._reply(line[:4].decode("ascii"))

    async def _reply(self, step: str) -> Reply:
        with trio.CancelScope(relative_deadline=self.patience(step)):
            while (reply := self.reader.next_reply()) is None:
                octets = bytes(await self.stream.receive_some(65536))
                if not octets:
                    raise _LostError
                self.heard += octets
                taken, lines = self.whole_lines(bytes(self.heard))
                del self.heard[:taken]
                self.reader.feed(lines)
            if reply.code == 421 and self.gives_way_to_421():
                raise _LostError
            return reply
        raise trio.TooSlowError

    # What a client chooses.

    @decision_by(lambda _, step: step)
    def patience(self, step: str) -> float:
        """How many seconds a reply, or the taking of a block of mail data, is waited for (§4.5.3.2)."""
        return PATIENCE.get(step, USUAL_PATIENCE)

    @decision
    def whole_lines(self, heard: bytes) -> tuple[int, bytes]:
        """How many octets of what was heard are whole lines, and these: they end with CRLF alone (§2.3.8)."""
        end = heard.rfind(CRLF) + 2 if CRLF in heard else 0
        return end, _BARE.sub(b" ", heard[:end])

    @decision
    def gives_way_to_421(self) -> bool:
        """Whether a 421 to whatever command is the end of the session, for now (§3.8)."""
        return True

    @decision
    def counts_lost_as(self) -> bytes:
        """The reply that a connection counts as which broke off (§3.8)."""
        return CONNECTION_LOST

    @decision
    def own_name(self) -> bytes:
        """Our name for EHLO (§4.1.1.1)."""
        return HOST

    @decision
    def waits_for_greeting(self) -> bool:
        """Whether nothing is said before the greeting has come (§4.3.1)."""
        return True

    @decision
    def before_hello(self) -> tuple[bytes, ...]:
        """What is said before EHLO: nothing (§4.1.1.1)."""
        return ()

    @decision
    def hello_verbs(self) -> tuple[bytes, ...]:
        """EHLO, and HELO where that is refused (§3.2)."""
        return b"EHLO", b"HELO"

    @decision
    def falls_back(self, refusal: Reply) -> bool:
        """Whether HELO follows a refused EHLO (§3.2)."""
        del refusal
        return True

    @decision
    def sends_mail_with_hello(self) -> bool:
        """Whether MAIL goes out before the reply to EHLO has come, which alone could allow that (§4.3.1)."""
        return False

    @decision
    def waits_for(self, extension: bytes) -> bool:
        """Whether a message waits for a next hop with the extension: no, it goes without (§2.2.3)."""
        del extension
        return False

    @decision
    def before_recipients(self) -> tuple[bytes, ...]:
        """What is said between MAIL and RCPT: nothing (§3.3)."""
        return ()

    @decision
    def may_group(self, recipients: int) -> bool:
        """Whether RCPT for so many goes out with DATA at once: only where PIPELINING was offered (RFC 2920 §3.1)."""
        return recipients >= GROUPED_FROM and b"PIPELINING" in self.offers

    @decision
    def reads_while_sending(self) -> bool:
        """Whether replies are read while a group is sent, which may then be larger than a window (RFC 2920 §3.1)."""
        return True

    @decision
    def waits_for_recipients(self) -> bool:
        """Whether the replies to RCPT are read before the first chunk: always (RFC 3030 §2)."""
        return True

    @decision
    def behind_the_group(self) -> tuple[bytes, ...]:
        """What goes out with a group behind DATA, which is its last command: nothing (RFC 2920 §3.1)."""
        return ()

    @decision
    def assigned(self, replies: list[Reply], forward_paths: tuple[bytes, ...]) -> list[Reply]:
        """The replies to a group in the order of its recipients: they are counted, and nothing else (RFC 2920 §3.1)."""
        del forward_paths
        return replies

    @decision
    def nothing_for_nobody(self, content: bytes) -> bytes:
        """What follows a 354 where no recipient was taken: a dot (RFC 2920 §3.1)."""
        del content
        return b"." + CRLF

    @decision
    def sends_chunks(self, size: int) -> bool:
        """Whether it goes in chunks: binary content, and large content where CHUNKING was offered (RFC 3030 §2)."""
        if self.is_binary() and self.takes_binary():
            return self.sends_by_bdat()
        return size >= CHUNKED_FROM and b"CHUNKING" in self.offers

    @decision
    def cut(self, content: bytes) -> list[bytes]:
        """The content in chunks, each of some octets (RFC 3030 §2)."""
        return [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)] or [b""]

    @decision
    def chunk_size(self, chunk: bytes) -> int:
        """What BDAT says of a chunk: exactly how many octets it has (RFC 3030 §2)."""
        return len(chunk)

    @decision
    def goes_on_behind(self, reply: Reply) -> bool:
        """Whether another chunk follows one that was refused: never (RFC 3030 §2)."""
        del reply
        return False

    @decision
    def behind_a_refused_chunk(self) -> tuple[bytes, ...]:
        """What is said after a chunk was refused: RSET, before anything else (RFC 3030 §2)."""
        return (b"RSET",)

    @decision
    def expands_lists(self) -> bool:
        """Whether lists are expanded before a message is sent: no, that is the next hop's (§3.5.4)."""
        return False

    @decision
    def data_line(self) -> bytes:
        """DATA, without an argument (§4.1.1)."""
        return b"DATA"

    @decision
    def is_success(self, reply: Reply) -> bool:
        """Whether MAIL, RCPT or the mail data were taken: the first digit says so, and nothing else (§4.2)."""
        return reply.severity == 2

    @decision
    def may_send_data(self, reply: Reply) -> bool:
        """Whether the message may follow: after a 354 only (§3.3)."""
        return reply.code == 354

    @decision
    def opening_verbs(self, reverse_path: bytes) -> tuple[bytes, ...]:
        """What opens a transaction: MAIL and nothing else (§4.4)."""
        del reverse_path
        return (b"MAIL",)

    @decision
    def repeats_recipient(self) -> bool:
        """Whether RCPT is said again at once behind a 4yz: no, all begins anew, and later (§4.2.1)."""
        return False

    @decision
    def answers_for_refused(self, reply: Reply) -> bool:
        """Whether a message that was refused at its end is ours still (§4.2.5)."""
        del reply
        return True

    @decision
    def takes_552_for_now(self, taken: int) -> bool:
        """Whether 552 behind so many recipients says that there is no room now, as servers of old do (§4.5.3.1.10)."""
        return taken >= RECIPIENTS_AT_LEAST

    @decision
    def sends_to_the_rest(self) -> bool:
        """Whether those who are not refused get the message (§4.2.5)."""
        return True

    @decision
    def outward_reverse_path(self, reverse_path: bytes) -> bytes:
        """The reverse-path stays as it came (§3.6.1)."""
        return reverse_path

    @decision
    def outward_forward_path(self, forward_path: bytes) -> bytes:
        """The forward-path as it came, its local-part above all (§2.4); the source route is gone already."""
        return forward_path

    @decision_by(lambda _, place, path: f"{place}{path[:0].decode()}")
    def written_path(self, place: str, path: bytes) -> bytes:
        """What stands behind the colon of RCPT, of the ``first`` recipient or one ``more``: brackets (§3.3)."""
        del place
        return b"<" + path + b">"

    @decision
    def verb_as_said(self, verb: bytes) -> bytes:
        """The verb as it goes out: in capitals, for those who insist on them (§2.4)."""
        return verb

    @decision
    def outward_parameters(self, eight_bit: bool) -> bytes:
        """BODY=8BITMIME where the message is so and the next hop takes it (RFC 6152 §2), or BODY=BINARYMIME."""
        if self.is_binary() and self.takes_binary():
            return b" BODY=BINARYMIME"
        return b" BODY=8BITMIME" if eight_bit and b"8BITMIME" in self.offers else b""

    @decision
    def mail_requests(self, parameters: Parameters, size: int) -> tuple[tuple[bytes, bytes], ...]:
        """The parameters of MAIL beside BODY that this next hop has the extension for, as they came.

        SIZE is what we send (RFC 1870 §6), the others are passed on (RFC 3461 §5.2.1, RFC 6531 §3.4, RFC 6710 §4.2).
        """
        known = [(keyword, self.onward(keyword, value)) for keyword, value in parameters.of_mail if self.takes(keyword)]
        return ((b"SIZE", b"%d" % size), *known) if b"SIZE" in self.offers else tuple(known)

    @decision
    def rcpt_requests(self, parameters: Parameters, forward_path: bytes) -> tuple[tuple[bytes, bytes], ...]:
        """The parameters of RCPT that this next hop has the extension for, as they came (RFC 3461 §5.2.1)."""
        of_path = [(keyword, value) for path, keyword, value in parameters.of_rcpt if path == forward_path]
        if self.takes(b"NOTIFY") and mode_of(parameters) == b"N" and self.loses_by():
            asked = self.asked_for_delay(dict(of_path).get(b"NOTIFY", b""))
            of_path = [*(each for each in of_path if each[0] != b"NOTIFY"), (b"NOTIFY", asked)]
        return tuple((keyword, self.onward(keyword, value)) for keyword, value in of_path if self.takes(keyword))

    @decision_by(lambda _, keyword, value: f"{keyword.decode()}{value[:0].decode()}")
    def onward(self, keyword: bytes, value: bytes) -> bytes:
        """The value that goes on: as it came, but for the seconds that are left of BY (RFC 2852 §4.1.4)."""
        if keyword != b"BY":
            return value
        seconds, _, mode = value.partition(b";")
        return b"%d;%b" % (int(seconds) - int(trio.current_time() - self.taken), mode)

    @decision
    def said_limits(self) -> bytes | None:
        """What stands behind LIMITS in the latest reply to EHLO, if that has it (RFC 9422 §3.6)."""
        return self.offers.get(b"LIMITS")

    @decision
    def limits(self, words: bytes) -> Limits:
        """The limits by name: none where the form is wrong, and none of those with a value that is (RFC 9422 §3.7)."""
        if not has_form(words):
            return NONE
        return {name: int(value) for name, value in pairs(words) if is_number(value)}

    @decision_by(lambda _, keyword: keyword.decode("ascii"))
    def takes(self, keyword: bytes) -> bool:
        """Whether the next hop has offered the extension that this parameter belongs to.

        REQUIRETLS counts only where its certificate was verified (RFC 8689 §2).
        """
        return PASSED_ON.get(keyword, b"") in self.offers and (keyword != b"REQUIRETLS" or self.verified)

    @decision
    def starts_tls(self) -> bool:
        """Whether STARTTLS is said where it is offered: for every message (RFC 3207 §4, RFC 8689 §3)."""
        return True

    @decision
    def tls_client(self) -> ssl.SSLContext:
        """Our side of TLS: it verifies the certificate and its name where the message wants that (RFC 8689 §4.2.1)."""
        secret = self.parameters.of(b"REQUIRETLS") is not None
        return (self.protection.trusted if secret else None) or unverified()

    @decision
    def is_known(self, secure: trio.SSLStream[trio.abc.Stream]) -> bool:
        """Whether the handshake showed that the host is the one to be reached."""
        return secure.context is self.protection.trusted

    @decision
    def cannot_send(self, reverse_path: bytes, forward_paths: tuple[bytes, ...], content: bytes) -> bytes:
        """Why this next hop can't be given the message at all, or nothing."""
        offered = b"REQUIRETLS" in self.offers
        limit = self.offers.get(b"SIZE", b"")
        envelope, header = b" ".join((reverse_path, *forward_paths)), content.partition(CRLF + CRLF)[0]
        asked = self.parameters.of(b"SMTPUTF8") is not None
        international = not envelope.isascii() or (asked and not header.isascii())
        obstacles = (
            (b"550 5.7.10 No TLS with a host that we know", self.wants_tls() and not self.protects()),
            (b"550 5.7.30 REQUIRETLS is not supported there", self.wants_tls() and not offered),
            (b"550 5.3.3 Delivery in time is not supported there", not self.can_deliver_by()),
            (b"550 5.7.17 Owners can't be checked there", any(self.needs_owner_check(each) for each in forward_paths)),
            (b"552 5.3.4 Message too big there", limit.isdigit() and 0 < int(limit) < len(content)),
            (b"554 5.6.3 No binary content there", self.is_binary() and not self.takes_binary()),
            (b"554 5.6.3 No 8-bit content there", not content.isascii() and not self.takes_eight_bit()),
            (
                b"554 5.6.7 No internationalized mail there",
                international and not self.next_hop_takes_utf8(),
            ),
        )
        return next((reason for reason, stands in obstacles if stands), b"")

    @decision
    def without_a_way(self, forward_paths: tuple[bytes, ...], reason: bytes) -> Sent:
        """What becomes of a message that this next hop can't be given: it goes back (RFC 6531 §3.2), or waits."""
        for_now = reason.startswith(b"4")
        return (_put_off if for_now else refused)(forward_paths, reason)

    @decision
    def wants_tls(self) -> bool:
        """Whether the message goes only where it stays protected: all but notifications do (RFC 8689 §4.2.1, §5)."""
        return self.parameters.of(b"REQUIRETLS") is not None and not self.is_notification

    @decision
    def protects(self) -> bool:
        """Whether this session is one for mail that wants TLS: with a verified certificate (RFC 8689 §4.2.1)."""
        return self.secured and self.verified

    @decision
    def can_deliver_by(self) -> bool:
        """Whether the next hop can keep to BY: with R it says a time that is short enough (RFC 2852 §4.1.4.1)."""
        value = self.parameters.of(b"BY")
        seconds, _, mode = (self.onward(b"BY", value) if value else b"").partition(b";")
        if mode[:1].upper() != b"R":
            return True
        least = self.offers.get(b"DELIVERBY")
        return least is not None and (not least.isdigit() or int(least) <= int(seconds))

    def tells_unasked(self) -> bool:
        """Whether BY has the sender told that the message went on (RFC 2852 §4.1.4)."""
        return self.tells_of_trace() or self.tells_of_lost_by()

    @decision
    def tells_of_trace(self) -> bool:
        """Whether the sender is told of this step: where BY asks for a trace (RFC 2852 §4.1.4)."""
        return is_traced(self.parameters)

    @decision
    def tells_of_lost_by(self) -> bool:
        """Whether the sender is told that the next hop does not know of the time (RFC 2852 §4.1.4.2)."""
        return self.loses_by()

    def loses_by(self) -> bool:
        """Whether a message under BY whose time has not come goes to a next hop without DELIVERBY."""
        value = self.parameters.of(b"BY")
        return value is not None and not self.takes(b"BY") and int(self.onward(b"BY", value).partition(b";")[0]) > 0

    @decision
    def asked_for_delay(self, notify: bytes) -> bytes:
        """NOTIFY for a next hop that does not know of the time, none being empty: with DELAY (RFC 2852 §4.1.4.2)."""
        words = notify.upper().split(b",") if notify else [b"FAILURE"]
        return notify if {b"NEVER", b"DELAY"} & set(words) else b",".join([*words, b"DELAY"])

    @decision
    def needs_owner_check(self, forward_path: bytes) -> bool:
        """Whether this next hop lacks RRVS and the recipient goes to no such: without a C (RFC 7293 §5.1.1)."""
        value = self.parameters.at(forward_path, b"RRVS")
        return value is not None and not self.takes(b"RRVS") and not value.upper().endswith(b";C")

    @decision
    def takes_eight_bit(self) -> bool:
        """Whether octets beyond US-ASCII can be sent there (RFC 6152 §3)."""
        return b"8BITMIME" in self.offers

    @decision
    def takes_binary(self) -> bool:
        """Whether a message without lines can be sent there (RFC 3030 §3)."""
        return b"BINARYMIME" in self.offers and b"CHUNKING" in self.offers

    @decision
    def next_hop_takes_utf8(self) -> bool:
        """Whether internationalized mail can be sent there (RFC 6531 §3.5)."""
        return b"SMTPUTF8" in self.offers

    @decision
    def outward_data(self, content: bytes) -> bytes:
        """The mail data: dots doubled (§4.5.2), CRLF.CRLF behind it."""
        lines = self.outward_lines(content)
        ended = lines if lines.endswith(CRLF) or not lines else lines + CRLF
        return self.outward_stuffed(ended) + b"." + CRLF

    @decision
    def outward_lines(self, content: bytes) -> bytes:
        """The content with CRLF at the end of every line: bare CR and LF never go out (§2.3.8)."""
        return _LINE_END.sub(CRLF, content)

    @decision
    def outward_stuffed(self, content: bytes) -> bytes:
        """The content with a dot more on each line that begins with one (§4.5.2)."""
        return stuff(content)

    @decision
    def farewell(self) -> tuple[bytes, ...]:
        """What is said at the end: QUIT (§4.1.1.10)."""
        return (b"QUIT",)

    @decision
    def waits_for_221(self) -> bool:
        """Whether the reply to QUIT is waited for (§4.1.1.10)."""
        return True

    @decision
    def farewell_to_none(self) -> tuple[bytes, ...]:
        """What is said to a host that has let no session begin: QUIT (§4.1.4)."""
        return (b"QUIT",)


def _offered(hello: Reply) -> dict[bytes, bytes]:
    told = (line.text.upper().partition(b" ") for line in hello.lines[1:])
    return {keyword: words for keyword, _, words in told}


def refused(forward_paths: Iterable[bytes], reason: bytes) -> Sent:
    """All of them refused for good."""
    return Sent(failed=tuple(Failed(each, reason) for each in forward_paths))


def _put_off(forward_paths: Iterable[bytes], reason: bytes) -> Sent:
    """All of them refused for now."""
    return Sent(deferred=tuple(Failed(each, reason) for each in forward_paths))


def _said(reply: Reply) -> bytes:
    return b"%d %b" % (reply.code, b" / ".join(line.text for line in reply.lines))


def _written(requests: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Parameters as they stand behind a path."""
    return b"".join(b" " + keyword + (b"=" + value if value else b"") for keyword, value in requests)


def _sorted(refused: Iterable[tuple[bytes, Reply]], remote: bytes) -> Sent:
    """A 4yz is for now (§4.2.1), all else that is no success is for good."""
    failed: list[Failed] = []
    deferred: list[Failed] = []
    for forward_path, reply in refused:
        (deferred if reply.severity == 4 else failed).append(Failed(forward_path, _said(reply), remote))
    return Sent(tuple(failed), tuple(deferred))
