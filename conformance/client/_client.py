"""The SMTP client of a scenario: every octet as the author wrote it, every answer as it came."""

from __future__ import annotations

import base64
import enum
import functools
import os
import secrets
import ssl
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ssl import TLSVersion

import trio

from conformance.client._connection import SEGMENT_PAUSE, Connection
from conformance.client._message import usual_message
from conformance.client._outcomes import HandshakeFailed, NotReady, Outcome, Secured, Silence
from conformance.target import Credentials, Role, Target
from conformance.wire import CRLF, Reply, stuff
from conformance.wire.paths import is_domain
from conformance.wire.sasl import MECHANISMS, SaslError, Service, decoded

MAX_REPLIES = 1000

LINE_BEGUN = 64
"""Octets that are kept of a line that was sent in part: its verb, and more."""

LATE_SECONDS = 1.0
"""How long the answer to the last octets of a write is waited for where another came before they were sent."""

HELLOS = frozenset({"EHLO", "HELO", "LHLO"})

MAX_CHALLENGES = 10
"""Challenges of one SASL exchange that we answer; no mechanism of ours has more than three."""


class At(enum.IntEnum):
    """Where a scenario starts; each rung does the ones before it.

    ``CLEAR`` stands before TLS on a port that begins with it, where it is ``CONNECT`` elsewhere, and belongs to clauses
    about that beginning. ``CONNECT`` has read nothing yet and belongs to clauses about the greeting itself.
    ``UNAUTHENTICATED`` has said EHLO, under TLS where the target requires it, and belongs to clauses about AUTH;
    ``EHLO`` has authenticated besides where the target requires that.
    """

    CLEAR = -1
    CONNECT = 0
    GREETING = 1
    UNAUTHENTICATED = 2
    EHLO = 3
    MAIL = 4
    RCPT = 5
    DATA = 6


@dataclass(frozen=True, slots=True)
class Exchange:
    """One reply beside the verb it answers, for the watches.

    The verb is ``None`` once several lines were sent at once, or a reply was unread when the next line was sent: from
    then on nobody can say which line a reply answers. ``role`` is the target's, ``name`` the one that the client gave
    with EHLO, HELO or LHLO, where that is the verb.
    """

    verb: str | None
    reply: Reply
    offers: frozenset[str]
    role: Role = "mx"
    secured: bool = False
    name: bytes = b""


def new_token() -> str:
    """A token of its own for one attempt; it stands in the message and lets stores tell scenarios apart."""
    return "t" + secrets.token_hex(6)


@dataclass(slots=True, eq=False)
class Client:
    """One SMTP session, driven line by line.

    ``say`` adds CRLF and returns what came back; ``raw`` adds nothing and reads nothing. Outcomes are values;
    the set-up verbs (``transaction``, ``deliver``, ``starttls``…) raise ``NotReady`` where the server does not play
    along. The one-letter test of an author: what is sent stands in the scenario, with its line ends.
    """

    connection: Connection
    target: Target
    token: str
    on_exchange: Callable[[Exchange], None] | None = None
    greeting: Outcome | None = None
    hello: Outcome | None = None
    offers: dict[str, bytes] = field(default_factory=dict)
    extended: bool = False
    """Whether our last EHLO was taken: then what is not in ``offers`` is not offered."""
    offered_first: frozenset[str] = frozenset()
    """What was offered on the way up before anything else, TLS and AUTH among it."""
    challenges: list[Reply] = field(default_factory=list)
    """Those of the last exchange of ``authenticate``."""
    _listed: frozenset[str] = frozenset()
    """The keywords of ``offers``, made once for the watches of all that is said under them."""
    _verb: str | None = "CONNECT"
    _out_of_step: bool = False
    _in_data: bool = False
    _in_exchange: bool = False
    _before_tls: bool = False
    _left: bool = False
    _line_is_open: bool = False
    _line: bytes = b""
    _owed: bool = True

    # Octets out, outcomes in.

    async def say(self, line: bytes) -> Outcome:
        """Send one command line, CRLF added, and return its outcome."""
        await self.raw(line + CRLF)
        return await self.reply()

    async def raw(self, octets: bytes) -> None:
        """Send exactly these octets and read nothing."""
        begins = not self._line_is_open
        self._line_is_open = not octets.endswith(CRLF)
        if not (self._in_data or self._in_exchange):
            # A line that is sent in pieces is one line still; its verb stands in the first of them.
            self._line = octets if begins else self._line[:LINE_BEGUN] + octets
            lines = self._line.removesuffix(CRLF)
            several = b"\n" in lines or b"\r" in lines
            unanswered = begins and self._owed
            self._out_of_step = self._out_of_step or several or unanswered or self.connection.unread
            self._owed = True
            self._verb = None if self._out_of_step else lines.split(b" ")[0][:16].decode("ascii", "replace").upper()
        await self.connection.send(octets)

    async def pause(self) -> None:
        """Let the server read what was sent, so that what comes next is a segment of its own."""
        await trio.sleep(SEGMENT_PAUSE)

    async def reply(self, within: float | None = None) -> Outcome:
        """The next outcome; silence only after the patience of the run, or ``within`` seconds."""
        outcome = await self.connection.outcome(self.connection.pace.patience if within is None else within)
        if isinstance(outcome, Reply):
            self._owed = False
            ends_data, self._in_data = self._in_data, outcome.code == 354
            self._in_exchange = outcome.code == 334
            if self._before_tls:
                return outcome  # octets in the place of a handshake are no reply
            self._before_tls = self._verb == "STARTTLS" and outcome.code == 220
            if self.on_exchange is not None:
                name = self._line.removesuffix(CRLF).partition(b" ")[2] if self._verb in HELLOS else b""
                self.on_exchange(
                    Exchange(self._verb, outcome, self._listed, self.target.role, self.connection.secured, name)
                )
            if ends_data:
                self._verb = None  # what comes next answers what was sent behind the mail data, if anything was
        return outcome

    async def replies_until_quit(self, lines: int = 1) -> list[Outcome]:
        """The next outcome, then all others up to the close that QUIT brings: the fence that needs no timer.

        RFC 5321 §4.1.1.10: 221 and the close come last, so what stands between is more than one reply. ``lines`` is
        how many outcomes are due before QUIT, less where one is not a reply.
        """
        outcomes = [await self.reply()]
        while len(outcomes) < lines and isinstance(outcomes[-1], Reply):
            outcomes.append(await self.reply())
        if isinstance(outcomes[-1], Reply) and self.connection.answered_too_early:
            # What answers the octets behind it is let come first: QUIT before that would be pipelining.
            late = await self.reply(LATE_SECONDS)
            outcomes += [] if isinstance(late, Silence) else [late]
        if isinstance(outcomes[-1], Reply | Silence):
            await self.raw(b"QUIT" + CRLF)
            self._verb = None
            outcomes += await self._read_to_the_end()
        return outcomes

    async def replies(self, quiet: float | None = None) -> list[Outcome]:
        """All replies until nothing has come for ``quiet`` seconds: only for clauses about silence itself."""
        wait = max(quiet or 0.0, self.connection.pace.quiet)
        outcomes: list[Outcome] = []
        while len(outcomes) < MAX_REPLIES:
            outcome = await self.reply(wait)
            if isinstance(outcome, Silence):
                break
            outcomes.append(outcome)
            if not isinstance(outcome, Reply):
                break
        return outcomes

    async def drop(self) -> None:
        """Close the connection without QUIT, as a client that dies."""
        self._left = True
        await self.connection.close()

    async def _read_to_the_end(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while len(outcomes) < MAX_REPLIES:
            outcomes.append(await self.reply())
            if not isinstance(outcomes[-1], Reply):
                break
        return outcomes

    async def quit(self) -> list[Outcome]:
        """Say QUIT and read to the end of the connection."""
        await self.raw(b"QUIT" + CRLF)
        return await self._read_to_the_end()

    # The ladder.

    async def climb(self, start: At, *, says_starttls: bool = False) -> None:
        """Reach the starting state, rung by rung.

        ``says_starttls``: what comes then says STARTTLS by itself, so the rungs do not, where the target requires it
        either, and EHLO stays before AUTH.

        Raises:
            NotReady: the server refused a rung.
        """
        if start >= At.GREETING:
            self.greeting = await self.reply()
            self._require("greeting", self.greeting, {220})
        if start >= At.UNAUTHENTICATED:
            await self._introduce(secure=not says_starttls)
        if start > At.EHLO or (start == At.EHLO and not says_starttls):
            await self._show_who_we_are()
        if start >= At.MAIL:
            self._require("MAIL", await self.mail())
        if start >= At.RCPT:
            self._require("RCPT", await self.rcpt())
        if start >= At.DATA:
            self._require("DATA", await self.say(b"DATA"), {354})

    async def _show_who_we_are(self) -> None:
        if self.target.auth_required:
            await self.become_known()

    async def _introduce(self, *, secure: bool) -> None:
        await self.introduce()
        self.offered_first = self.offered
        if secure and self.target.starttls_required and not self.connection.secured:
            await self.starttls(certified=self.target.certificate_required)
            await self.introduce()

    async def become_known(self) -> None:
        """Authenticate, and ask for what is offered then.

        Raises:
            NotReady: we can't, or are refused.
        """
        await self.authenticate()
        await self._ask_again()

    async def _ask_again(self) -> None:
        """EHLO once more: a client that is known can be offered more, and STARTTLS is behind it.

        AUTH counts as it was offered before, when it could be used. Where this EHLO is refused, so does the rest.
        """
        hello, offers = self.hello, self.offers
        outcome = await self.ehlo()
        if isinstance(outcome, Reply) and outcome.severity == 2:
            before = {"AUTH": offers["AUTH"]} if "AUTH" in offers else {}
            offers = self.offers | before
        else:
            self.hello = hello
        behind = {keyword: words for keyword, words in offers.items() if keyword != "STARTTLS"}
        self._take_note(behind, extended=True)

    async def introduce(self) -> None:
        """EHLO (LHLO to an LMTP server), or HELO where the server refuses EHLO (RFC 5321 §3.2).

        Raises:
            NotReady: both were refused.
        """
        outcome = await self.ehlo()
        refused = isinstance(outcome, Reply) and outcome.severity == 5
        if refused and self.target.role != "lmtp":
            outcome = await self.say(b"HELO " + self.helo_name)
            self.hello = outcome
            self._take_note({}, extended=False)
        self._require("EHLO", outcome)

    async def ehlo(self, name: bytes | None = None) -> Outcome:
        """Say EHLO (LHLO to an LMTP server) and take note of what is offered."""
        verb = b"LHLO" if self.target.role == "lmtp" else b"EHLO"
        self.hello = await self.say(verb + b" " + (name or self.ehlo_name))
        self._take_note(_offers(self.hello), extended=isinstance(self.hello, Reply) and self.hello.severity == 2)
        return self.hello

    def _take_note(self, offers: dict[str, bytes], *, extended: bool) -> None:
        self.offers, self.extended, self._listed = offers, extended, frozenset(offers)

    @property
    def ehlo_name(self) -> bytes:
        """Our name: the target file's, else an address literal of our own socket."""
        return self.target.ehlo_name.encode("ascii") if self.target.ehlo_name else self.address_literal

    @property
    def address_literal(self) -> bytes:
        """The address literal of our own socket (RFC 5321 §4.1.3); that of loopback where it has no address."""
        host = self.connection.transcript.local.rsplit(":", 1)[0].strip("[]")
        if not host or "/" in host:
            return b"[127.0.0.1]"
        return b"[IPv6:%b]" % host.encode() if ":" in host else b"[%b]" % host.encode()

    @property
    def helo_name(self) -> bytes:
        """Our name for HELO, which takes a domain only (RFC 5321 §4.1.1.1)."""
        return (self.target.ehlo_name or "client.example.test").encode("ascii")

    # Verbs whose outcome the author reads.

    @property
    def reverse_path(self) -> bytes:
        """The reverse-path of our transactions: the target file's sender, else the null reverse-path."""
        return b"<%b>" % (self.target.sender or "").encode("ascii")

    @property
    def forward_path(self) -> bytes:
        """The forward-path of our transactions: the first mailbox that the target declares, else postmaster."""
        return b"<%b>" % self.target.mailbox.encode("ascii")

    @property
    def other_forward_path(self) -> bytes:
        """A second recipient: another mailbox that the target declares, or the same where there is one only."""
        mailboxes = self.target.mailboxes or (self.target.mailbox,)
        return b"<%b>" % mailboxes[1 % len(mailboxes)].encode("ascii")

    async def mail(self, reverse_path: bytes | None = None, parameters: bytes = b"") -> Outcome:
        """Say MAIL with our reverse-path, or with this one (brackets included)."""
        return await self.say(b"MAIL FROM:" + (reverse_path or self.reverse_path) + parameters)

    async def rcpt(self, forward_path: bytes | None = None, parameters: bytes = b"") -> Outcome:
        """Say RCPT with a mailbox that takes mail, or with this forward-path (brackets included)."""
        return await self.say(b"RCPT TO:" + (forward_path or self.forward_path) + parameters)

    async def data(self, content: bytes | None = None) -> Outcome:
        """Say DATA and, after a 354, send the content stuffed and terminated; returns the last outcome."""
        outcome = await self.say(b"DATA")
        if not (isinstance(outcome, Reply) and outcome.code == 354):
            return outcome
        return await self._content(content)

    async def _content(self, content: bytes | None) -> Outcome:
        await self.raw(stuff(self.message() if content is None else content) + b"." + CRLF)
        return await self.reply()

    async def bdat(self, octets: bytes, *, last: bool = False, size: int | None = None) -> Outcome:
        """Send a chunk in one write, its size and these octets, and return its outcome (RFC 3030 §2).

        ``size`` is what is announced where that is not the number of octets.
        """
        await self.send_chunk(octets, last=last, size=size)
        return await self.reply()

    async def send_chunk(self, octets: bytes, *, last: bool = False, size: int | None = None) -> None:
        """As ``bdat``, but read nothing."""
        end = b" LAST" if last else b""
        await self.raw(b"BDAT %d%b" % (len(octets) if size is None else size, end) + CRLF + octets)
        self._line_is_open = False  # a chunk needs no line end

    async def group(self, *lines: bytes) -> list[Outcome]:
        """Send these lines in one write, CRLF added to each, and read one outcome for each (RFC 2920 §3.1).

        It stops early at silence and at the end of the connection.
        """
        await self.raw(b"".join(line + CRLF for line in lines))
        return await self.outcomes(len(lines))

    async def outcomes(self, number: int) -> list[Outcome]:
        """The next outcomes, so many of them, or fewer where one is no reply."""
        found: list[Outcome] = []
        while len(found) < number and all(isinstance(outcome, Reply) for outcome in found):
            found.append(await self.reply())
        return found

    # Set-up verbs: NotReady where the server does not play along.

    async def transaction(
        self, *forward_paths: bytes, reverse_path: bytes | None = None, parameters: bytes = b""
    ) -> None:
        """MAIL and RCPT, all accepted; paths bring their brackets, ``parameters`` are those of MAIL."""
        self._require("MAIL", await self.mail(reverse_path, parameters))
        for forward_path in forward_paths or (self.forward_path,):
            self._require("RCPT", await self.rcpt(forward_path))

    async def deliver(
        self,
        content: bytes | None = None,
        *forward_paths: bytes,
        reverse_path: bytes | None = None,
        parameters: bytes = b"",
    ) -> None:
        """One whole transaction, accepted to the end: to these forward-paths, or to a mailbox that takes mail."""
        await self.transaction(*forward_paths, reverse_path=reverse_path, parameters=parameters)
        self._require("DATA", await self.say(b"DATA"), {354})
        self._require("end of data", await self._content(content))

    async def starttls(
        self, behind: bytes = b"", only: TLSVersion | None = None, *, certified: bool = False
    ) -> Secured:
        """Say STARTTLS and complete the handshake; ``behind`` goes in clear in the same segment.

        ``only`` offers no other version of TLS than this; ``certified`` shows the target file's certificate of ours.

        Raises:
            NotReady: refused, or the handshake failed; or there is no such certificate.
        """
        outcome = await self.try_starttls(behind, only, certified=certified)
        if not isinstance(outcome, Secured):
            raise NotReady("STARTTLS", outcome, service_refused=_is_421(outcome))
        return outcome

    async def try_starttls(
        self,
        behind: bytes = b"",
        only: TLSVersion | None = None,
        *,
        apart: bool = False,
        certified: bool = False,
    ) -> Secured | HandshakeFailed | Outcome:
        """As ``starttls``, but whatever happens is a value; ``apart`` sends ``behind`` in a segment of its own."""
        await self.raw(b"STARTTLS" + CRLF + (b"" if apart else behind))
        if apart:
            await self.pause()
            await self.raw(behind)
        outcome = await self.reply()
        if not (isinstance(outcome, Reply) and outcome.code == 220):
            self._out_of_step = self._out_of_step or bool(behind)  # what went behind is answered too, nobody knows when
            return outcome
        self._forget_hello()
        context = tls_context(self.target, only, certified=certified)
        secured = await self.connection.handshake(context, self._tls_name())
        self._before_tls = isinstance(secured, HandshakeFailed)
        return secured

    async def implicit_tls(self) -> None:
        """The handshake of a port that speaks TLS from the first octet (RFC 8314 §3).

        Raises:
            NotReady: the handshake failed.
        """
        outcome = await self.try_implicit_tls()
        if isinstance(outcome, HandshakeFailed):
            raise NotReady("TLS", outcome)

    async def try_implicit_tls(
        self, only: TLSVersion | None = None, *, certified: bool = False
    ) -> Secured | HandshakeFailed:
        """As ``implicit_tls``, but a failure is a value.

        ``only`` offers no other version of TLS than this; ``certified`` shows the target file's certificate of ours.
        """
        return await self.connection.handshake(tls_context(self.target, only, certified=certified), self._tls_name())

    def _tls_name(self) -> str | None:
        return self.target.where.host or None

    async def authenticate(self, mechanism: str = "") -> None:
        """AUTH with the target file's credentials, by this mechanism or the first offered one that we speak (RFC 4954).

        Raises:
            NotReady: no credentials, no mechanism we speak, or refused.
        """
        self._require("AUTH", await self.try_authenticate(mechanism), {235})

    async def try_authenticate(
        self,
        mechanism: str = "",
        *,
        initial: bool = True,
        user: bytes | None = None,
        password: bytes | None = None,
        service: bytes = b"smtp",
        quality: bytes = b"auth",
    ) -> Outcome:
        """As ``authenticate``, but a refusal is a value; ``initial=False`` waits for the server's first challenge.

        Other credentials than the target file's can be given. ``service`` is the name in SASL of what we want, which
        DIGEST-MD5 says; ``quality`` is how it protects, and with ``auth-int`` a security layer begins behind the 235,
        at which nothing of what was offered before counts any more (RFC 4954 §4).

        Raises:
            NotReady: no credentials, no mechanism we speak, or challenges that can't be followed.
        """
        if user is None or password is None:
            user, password = self.credentials
        name = mechanism or self._mechanism()
        dialogue = MECHANISMS[name](user, password, Service(self._host_name(), service, (quality,)))
        first = dialogue.initial

        def encoded(octets: bytes) -> bytes:
            if octets not in {user, b""}:
                self.secret(octets)
            return base64.b64encode(octets)

        if first is not None and initial:
            outcome = await self.say(b"AUTH " + name.encode("ascii") + b" " + (encoded(first) or b"="))
            first = None
        else:
            outcome = await self.say(b"AUTH " + name.encode("ascii"))
        self.challenges = []
        for _ in range(MAX_CHALLENGES):
            if not (isinstance(outcome, Reply) and outcome.code == 334):
                break
            self.challenges.append(outcome)
            try:
                challenge = decoded(outcome.text.strip(b" "))
                answer, first = (dialogue.respond(challenge), None) if first is None else (first, None)
            except SaslError as error:
                await self.say(b"*")
                raise NotReady(f"AUTH {name}", str(error)) from error
            outcome = await self.say(encoded(answer))
        layer = dialogue.layer()
        if layer is not None and isinstance(outcome, Reply) and outcome.code == 235:
            self._forget_hello()
            await self.connection.protect(layer)
        return outcome

    def _forget_hello(self) -> None:
        """Know nothing any more of what was offered."""
        self.hello = None
        self._take_note({}, extended=False)

    @property
    def host_names(self) -> tuple[bytes, ...]:
        """How the server calls itself in its greeting and in its reply to EHLO, where these are domains, each once."""
        said = (outcome.text.split() for outcome in (self.greeting, self.hello) if isinstance(outcome, Reply))
        return tuple(dict.fromkeys(words[0] for words in said if words and is_domain(words[0])))

    def _host_name(self) -> bytes:
        """The host that we speak with: its own name, else that of the target file."""
        return next(iter(self.host_names), self.target.where.host.encode("ascii"))

    @property
    def credentials(self) -> tuple[bytes, bytes]:
        """User and password of the target file; the password is kept out of every transcript.

        Raises:
            NotReady: there are none, or the environment lacks the password.
        """
        return self.user_and_password(self.target.credentials)

    def user_and_password(self, credentials: Credentials | None) -> tuple[bytes, bytes]:
        """The user and the password of these credentials of the target file.

        Raises:
            NotReady: there are none, or the environment lacks the password.
        """
        if credentials is None:
            raise NotReady("AUTH", "the target file names no credentials")
        password = os.environ.get(credentials.password_from)
        if password is None:
            raise NotReady("AUTH", f"the environment has no {credentials.password_from}")
        self.secret(password.encode())
        return credentials.user.encode(), password.encode()

    @property
    def offered(self) -> frozenset[str]:
        """The EHLO keywords, alone and with each of their parameters, in upper case: ``AUTH``, ``AUTH PLAIN``."""
        parameters = {
            f"{keyword} {word.decode('ascii', 'replace')}"
            for keyword, words in self.offers.items()
            for word in words.upper().split()
        }
        return frozenset(self.offers) | parameters

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that EHLO lists, in upper case."""
        return tuple(word.decode("ascii", "replace") for word in self.offers.get("AUTH", b"").upper().split())

    def _mechanism(self) -> str:
        stated = self.target.credentials.mechanisms if self.target.credentials else ()
        usable = [name for name in stated or MECHANISMS if name.upper() in MECHANISMS]
        for name in usable:
            if name.upper() in self.mechanisms:
                return name.upper()
        raise NotReady("AUTH", f"none of {', '.join(usable)} is offered: {' '.join(self.mechanisms)}")

    def secret(self, octets: bytes) -> None:
        """Keep these octets out of every transcript, in every encoding."""
        self.connection.transcript.secret(octets)

    # Content.

    def message(
        self,
        body: bytes = b"A message of the conformance suite.\r\n",
        without: Iterable[str] = (),
        *,
        token: str | None = None,
        before: bytes = b"",
    ) -> bytes:
        """A message with the five usual fields and the scenario's token, neither stuffed nor terminated.

        ``without`` names fields to leave out. ``body`` brings its own line ends, and so does ``before``, which are
        fields to put before the five. ``token`` stands for the scenario's own where it sends several messages that
        must be told apart.

        Raises:
            ValueError: ``without`` names a field that the message does not have.
        """
        return usual_message(self.target, token or self.token, body, without, before)

    def message_with(self, words: str | None) -> bytes:
        """A message whose whole body is these words, a target's fact about content, and a Comments field of it too.

        Some servers look at the header section alone, some at the body alone.
        """
        said = (words or "").encode("ascii") + CRLF
        return self.message(before=b"Comments: " + said, body=said)

    def message_of(self, size: int, line: bytes = b"x" * 70 + CRLF) -> bytes:
        """A message of exactly so many octets, its body made of this line, its end included.

        Raises:
            ValueError: the header alone is larger.
        """
        header = self.message(body=b"")
        lines, rest = divmod(size - len(header), len(line))
        if size < len(header) + 2:
            raise ValueError(f"a message of {size} octets has no room for a body: its header has {len(header)}")
        if rest == 1:
            lines, rest = lines - 1, rest + len(line)
        return header + line * lines + (b"x" * (rest - 2) + CRLF if rest else b"")

    # The end.

    async def leave(self) -> None:
        """Leave politely: QUIT and the close, unless mail data or a handshake is open or the server is gone."""
        if self._left:
            return
        self._left = True
        try:
            if not (self._in_data or self._before_tls) and not self.connection.ended and self.greeting is not None:
                with trio.move_on_after(5):
                    if self._line_is_open:
                        await self.raw(CRLF)
                    await self.quit()
        finally:
            await self.connection.close()

    def _require(self, rung: str, outcome: Outcome, codes: set[int] | None = None) -> None:
        good = isinstance(outcome, Reply) and (outcome.code in codes if codes else outcome.severity == 2)
        if not good:
            raise NotReady(rung, outcome, service_refused=_is_421(outcome))


def _is_421(outcome: object) -> bool:
    return isinstance(outcome, Reply) and outcome.code == 421


def _offers(outcome: Outcome) -> dict[str, bytes]:
    """EHLO keywords in upper case with their parameters; none where EHLO was refused (RFC 5321 §4.1.1.1)."""
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return {}
    offers: dict[str, bytes] = {}
    for line in outcome.lines[1:]:
        keyword, _, parameters = line.text.strip().partition(b" ")
        if keyword:
            offers[keyword.decode("ascii", "replace").upper()] = parameters
    return offers


def tls_context(target: Target, only: TLSVersion | None = None, *, certified: bool = False) -> ssl.SSLContext:
    """A context that verifies the certificate only where the target file says so, and speaks TLS 1.2 and later.

    ``only`` makes it speak no other version than this; ``certified`` shows the target file's certificate of ours.

    Raises:
        NotReady: there is no such certificate.
    """
    if certified and target.client_certificate is None:
        raise NotReady("STARTTLS", "the target file names no certificate of ours")
    return _context(target.verify_certificate, only, target.client_certificate if certified else None)


@functools.cache
def _context(verifies: bool, only: TLSVersion | None, certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context() if verifies else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verifies:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if only is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # what Python says of versions that nobody is to use
            context.minimum_version = context.maximum_version = only
        if only < TLSVersion.TLSv1_2:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if certificate is not None:
        try:
            context.load_cert_chain(certificate)
        except (OSError, ssl.SSLError) as error:
            raise NotReady("STARTTLS", f"{certificate}: no certificate with its key: {error}") from error
    return context
