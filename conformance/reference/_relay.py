"""The reference server as a client: one message to the next hop, every choice of a client a decision point."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar

import trio

from conformance.reference._decision import Decisions, decision, decision_by
from conformance.reference._site import HOST
from conformance.wire import CRLF, Reply, ReplyReader, stuff

DialNextHop = Callable[[], Awaitable[trio.abc.Stream]]
"""Opens one stream to the next hop; raises ``OSError`` when it can't."""

PATIENCE = {"greeting": 300.0, "DATA": 120.0, "block": 180.0, "end of data": 600.0}
"""Seconds that a reply is waited for, where it is not those of MAIL and RCPT, or that a block may take (§4.5.3.2)."""

BLOCK = 16 * 1024
"""Octets of mail data that are sent at a time."""

USUAL_PATIENCE = 300.0

CONNECTION_LOST = b"421 The connection was lost"

_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Failed:
    """A recipient whose copy was not taken, and the reply that said so."""

    forward_path: bytes
    reason: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one try: who is refused for good, and who for now; all others have their copy."""

    failed: tuple[Failed, ...] = ()
    deferred: tuple[Failed, ...] = ()
    mail_refused: bool = False


class _LostError(Exception):
    """The next hop is gone, or says nothing."""


class RelaySession:
    """One session with the next hop, for one message; ``wants`` are the extensions that it would have on its way."""

    BEHIND_THE_REPLY: ClassVar = True

    def __init__(self, stream: trio.abc.Stream, decisions: Decisions, *, wants: frozenset[bytes] = frozenset()) -> None:
        self.stream = stream
        self.decisions = decisions
        self.reader = ReplyReader()
        self.wants = wants
        self.offers: frozenset[bytes] = frozenset()
        self.greeted = False
        self.began = self.data_began = trio.current_time()

    async def send(
        self, reverse_path: bytes, forward_paths: tuple[bytes, ...], content: bytes, *, eight_bit: bool
    ) -> Sent:
        """Send one message to these recipients and leave; never raises but for cancellation."""
        try:
            async with self.stream:
                return await self._session(reverse_path, forward_paths, content, eight_bit=eight_bit)
        except (_LostError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            return _all(forward_paths, CONNECTION_LOST)

    async def _session(
        self, reverse_path: bytes, forward_paths: tuple[bytes, ...], content: bytes, *, eight_bit: bool
    ) -> Sent:
        greeting = await self._reply("greeting")
        self.greeted = True
        if greeting.severity != 2:
            return await self._leave(_all(forward_paths, greeting))
        hello, mail = await self._hello(reverse_path)
        if hello.severity != 2:
            return await self._leave(_all(forward_paths, hello))
        self.offers = frozenset(line.text.upper().split(b" ")[0] for line in hello.lines[1:])
        for extension in self.wants - self.offers:
            if self.waits_for(extension):
                return await self._leave(_all(forward_paths, b"450 The next hop lacks " + extension))
        if mail is None:
            mail = await self._mail(reverse_path, eight_bit=eight_bit)
        if not self.is_success(mail):
            return await self._leave(replace(_all(forward_paths, mail), mail_refused=mail.severity == 5))
        for line in self.before_recipients():
            await self._say(line)
        return await self._leave(await self._recipients(forward_paths, content))

    async def _hello(self, reverse_path: bytes) -> tuple[Reply, Reply | None]:
        """The reply to EHLO or HELO, and that to MAIL where it was sent at once."""
        for line in self.before_hello():
            await self._say(line)
        if self.sends_mail_with_hello():
            await self.stream.send_all(b"EHLO " + self.own_name() + CRLF + b"MAIL FROM:<%b>" % reverse_path + CRLF)
            return await self._reply("EHLO"), await self._reply("MAIL")
        for verb in self.hello_verbs():
            hello = await self._say(verb + b" " + self.own_name())
            if hello.severity != 5:
                break
        return hello, None

    async def _mail(self, reverse_path: bytes, *, eight_bit: bool) -> Reply:
        argument = b" FROM:<%b>%b" % (self.outward_reverse_path(reverse_path), self.outward_parameters(eight_bit))
        for verb in self.opening_verbs(reverse_path):
            reply = await self._say(verb + argument)
            if self.is_success(reply):
                break
        return reply

    async def _recipients(self, forward_paths: tuple[bytes, ...], content: bytes) -> Sent:
        refused: list[tuple[bytes, Reply]] = []
        taken: list[bytes] = []
        for forward_path in forward_paths:
            reply = await self._say(b"RCPT TO:<%b>" % self.outward_forward_path(forward_path))
            if self.is_success(reply):
                taken.append(forward_path)
            else:
                refused.append((forward_path, reply))
        if taken and (not refused or self.sends_to_the_rest()):
            reply = await self._say(self.data_line())
            if self.may_send_data(reply):
                await self._send_data(self.outward_data(content))
                reply = await self._reply("end of data")
            if reply.code == 354 or not self.is_success(reply):
                refused += [(each, reply) for each in taken]
        return _sorted(refused)

    async def _send_data(self, octets: bytes) -> None:
        self.data_began = trio.current_time()
        for at in range(0, len(octets), BLOCK):
            with trio.fail_after(self.patience("block")):
                await self.stream.send_all(octets[at : at + BLOCK])

    async def _leave(self, sent: Sent) -> Sent:
        with suppress(_LostError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            for line in self.farewell():
                await self._say(line)
        return sent

    async def _say(self, line: bytes) -> Reply:
        await self.stream.send_all(line + CRLF)
        return await self._reply(line[:4].decode("ascii"))

    async def _reply(self, step: str) -> Reply:
        with trio.fail_after(self.patience(step)):
            while (reply := self.reader.next_reply()) is None:
                octets = bytes(await self.stream.receive_some(65536))
                if not octets:
                    raise _LostError
                self.reader.feed(octets)
        if reply.code == 421:
            raise _LostError
        return reply

    # What a client chooses.

    @decision_by(lambda _, step: step)
    def patience(self, step: str) -> float:
        """How many seconds a reply, or the taking of a block of mail data, is waited for (§4.5.3.2)."""
        return PATIENCE.get(step, USUAL_PATIENCE)

    @decision
    def own_name(self) -> bytes:
        """Our name for EHLO (§4.1.1.1)."""
        return HOST

    @decision
    def before_hello(self) -> tuple[bytes, ...]:
        """What is said before EHLO: nothing (§4.1.1.1)."""
        return ()

    @decision
    def hello_verbs(self) -> tuple[bytes, ...]:
        """EHLO, and HELO where that is refused (§3.2)."""
        return b"EHLO", b"HELO"

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

    @decision
    def outward_parameters(self, eight_bit: bool) -> bytes:
        """BODY=8BITMIME where the message was declared so and the next hop takes it (RFC 6152 §2)."""
        return b" BODY=8BITMIME" if eight_bit and b"8BITMIME" in self.offers else b""

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


def refused(forward_paths: Iterable[bytes], reason: bytes) -> Sent:
    """All of them refused for good."""
    return Sent(failed=tuple(Failed(each, reason) for each in forward_paths))


def _all(forward_paths: Iterable[bytes], reply: Reply | bytes) -> Sent:
    if isinstance(reply, Reply):
        return _sorted([(each, reply) for each in forward_paths])
    return Sent(deferred=tuple(Failed(each, reply) for each in forward_paths))


def _sorted(refused: Iterable[tuple[bytes, Reply]]) -> Sent:
    """A 4yz is for now (§4.2.1), all else that is no success is for good."""
    failed: list[Failed] = []
    deferred: list[Failed] = []
    for forward_path, reply in refused:
        text = b" / ".join(line.text for line in reply.lines)
        (deferred if reply.severity == 4 else failed).append(Failed(forward_path, b"%d %b" % (reply.code, text)))
    return Sent(tuple(failed), tuple(deferred))
