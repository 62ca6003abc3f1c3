"""The reference of a user's program, which hands mail in at a server and asks it; every choice is a decision point."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

import trio

from conformance.hop import NextHop
from conformance.reference._around import dial_hop
from conformance.reference._decision import Decisions, decision
from conformance.reference._site import DOMAIN, HOST
from conformance.scenario import Ended
from conformance.wire import CRLF, Reply, ReplyReader, stuff

DONE, REFUSED, UNFIT = 0, 69, 78
"""Exit statuses: all went well, the server refused, or it can't do what the user wants."""

ENVID_BOUND = 100
"""Octets of an ENVID that every server takes (RFC 3461 §5.4)."""

PATIENCE = 300.0

NAMES = (DOMAIN, HOST)
"""The names for which the program's own host takes mail."""

_REPORT = re.compile(rb"report-type=\"?(?:disposition-notification|delivery-status)", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class ReferencePrograms:
    """The programs in memory: each use, of which ``uses`` is the number, is a session of its own with our next hop."""

    decisions: Decisions
    hop: NextHop
    trusted: ssl.SSLContext
    uses: int = 0

    @asynccontextmanager
    async def serve(self, hop: NextHop) -> AsyncIterator[str]:
        """As ``Programs.serve``."""
        del hop
        self.uses += 1
        yield f"127.0.0.1:{5000 + self.uses}"

    async def run(self, task: str, words: Mapping[str, str], message: bytes) -> Ended:
        """As ``Programs.run``."""
        stream = await dial_hop(self.hop, f"127.0.0.1:{words['port']}")()
        session = UserAgentSession(stream, self.decisions, words, message, self.trusted, self.uses)
        try:
            status = await session.run(task)
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            status = REFUSED
        finally:
            with suppress(trio.BrokenResourceError):
                await session.stream.aclose()
        return Ended(status, bytes(session.told))


@dataclass(slots=True, eq=False)
class UserAgentSession:
    """One session of a user's program: it does one task and leaves. ``told`` is what its user gets to read."""

    BEHIND_THE_REPLY: ClassVar = True

    stream: trio.abc.Stream
    decisions: Decisions
    words: Mapping[str, str]
    message: bytes
    trusted: ssl.SSLContext
    number: int
    task: str = ""
    reader: ReplyReader = field(default_factory=ReplyReader)
    offers: dict[bytes, bytes] = field(default_factory=dict)
    told: bytearray = field(default_factory=bytearray)
    secured: bool = False

    async def run(self, task: str) -> int:
        """Do it; returns the exit status."""
        self.task = task
        if task == "submissions" and not await self._secure():
            return UNFIT
        await self._reply()
        await self._hello()
        status = await self._do()
        await self._say(b"QUIT")
        return status

    async def _do(self) -> int:
        if self.task == "ask_for_mail":
            return await self._ask_for_mail()
        if self.task in {"verify", "expand"}:
            return await self._look_up(b"VRFY" if self.task == "verify" else b"EXPN")
        if self.task == "require_tls" and not await self._require_tls():
            return UNFIT
        if self.task == "burl":
            return await self._send_by_url()
        parameters = self._parameters()
        return UNFIT if parameters is None else await self._send(parameters)

    async def _require_tls(self) -> bool:
        """Make the session one for mail that wants TLS; whether it is one now."""
        if b"STARTTLS" in self.offers and self.agent_starts_tls() and (await self._say(b"STARTTLS")).code == 220:
            if not await self._secure():
                return False
            await self._hello()
        return self.agent_can_require_tls()

    # What goes over the wire.

    async def _say(self, line: bytes) -> Reply:
        await self.stream.send_all(line + CRLF)
        return await self._reply()

    async def _reply(self) -> Reply:
        with trio.fail_after(PATIENCE):
            while (reply := self.reader.next_reply()) is None:
                octets = bytes(await self.stream.receive_some(65536))
                if not octets:
                    raise trio.BrokenResourceError
                self.reader.feed(octets)
        return reply

    async def _hello(self) -> None:
        hello = await self._say(b"EHLO " + self.words.get("name", "client.example.test").encode("ascii"))
        told = (line.text.upper().partition(b" ") for line in hello.lines[1:])
        self.offers = {keyword: arguments for keyword, _, arguments in told}

    async def _secure(self) -> bool:
        """Go over to TLS; false where the server is not the one that it should be."""
        secure = trio.SSLStream(self.stream, self.agent_tls(), server_hostname=self.words["host"])
        try:
            with trio.fail_after(PATIENCE):
                await secure.do_handshake()
        except trio.BrokenResourceError:
            return False
        self.stream, self.reader, self.secured = secure, ReplyReader(), True
        return True

    async def _send(self, parameters: tuple[bytes, ...]) -> int:
        mail = b" ".join((b"MAIL FROM:<%b>" % self.words["sender"].encode("ascii"), *parameters))
        for line in (mail, b"RCPT TO:<%b>" % self.words["recipient"].encode("ascii"), b"DATA"):
            reply = await self._say(line)
            if reply.severity not in {2, 3}:
                return REFUSED
        await self.stream.send_all(stuff(self.agent_content(self.message)) + b"." + CRLF)
        return DONE if self.agent_takes(await self._reply()) else REFUSED

    async def _ask_for_mail(self) -> int:
        status = DONE
        for name in self.agent_nodes():
            reply = await self._say(b"ETRN " + name)
            if reply.severity == 5:
                status = REFUSED
            if not self.agent_goes_on_asking(reply):
                break
        return status

    async def _look_up(self, verb: bytes) -> int:
        utf8 = b" SMTPUTF8" if self.agent_asks_in_utf8() else b""
        reply = await self._say(verb + b" " + self.words["recipient"].encode() + utf8)
        text = b"\n".join(line.text for line in reply.lines)
        if not self.agent_reads(text):
            return UNFIT
        self.told += text
        return DONE if reply.severity == 2 else REFUSED

    # BURL.

    async def _send_by_url(self) -> int:
        if not self.agent_can_burl(self.offers.get(b"BURL")):
            return UNFIT
        mail = b"MAIL FROM:<%b>" % self.words["sender"].encode("ascii")
        last = b"BURL " + self.words["url"].encode("ascii") + b" LAST"
        lines = [mail, b"RCPT TO:<%b>" % self.words["recipient"].encode("ascii")]
        chunk = b"Comments: sent with a URL" + CRLF
        if b"CHUNKING" in self.offers and self.agent_mixes_chunks():
            lines.append(b"BDAT %d" % len(chunk) + CRLF + chunk.removesuffix(CRLF))
        lines.append(last)
        more = [mail, b"RCPT TO:<%b>" % self.words["another"].encode("ascii"), last]
        groups = [[*lines, *more]] if not self.agent_waits_for_last() else [lines, more]
        if not (b"PIPELINING" in self.offers and self.agent_groups()):
            groups = [[line] for group in groups for line in group]
        for group in groups:
            await self.stream.send_all(b"".join(line + CRLF for line in group))
            replies = [await self._reply() for _ in group]
            if not all(self.agent_takes(reply) for reply in replies):
                return REFUSED
        return DONE

    # The parameters of MAIL, and the content.

    def _parameters(self) -> tuple[bytes, ...] | None:
        """Those for the task, or ``None`` where the server can't do what the user wants."""
        match self.task:
            case "send":
                return (b"ENVID=" + self.agent_envelope_id(),) if b"DSN" in self.offers else ()
            case "require_tls":
                return (b"REQUIRETLS",) if self.agent_says_requiretls() else ()
            case "track":
                envelope_id = self.agent_tracked_id() + b"@" + self.agent_host_of_id()
                return (b"MTRK=" + _hash(envelope_id), b"ENVID=" + envelope_id)
            case "solicit":
                return (b"SOLICIT=" + self.words["classes"].encode("ascii"),)
            case "hold_for" | "hold_until" | "hold_for_and_by":
                return self._hold()
            case _:
                return ()

    def _hold(self) -> tuple[bytes, ...] | None:
        longest, _, latest = self.offers.get(b"FUTURERELEASE", b"").partition(b" ")
        if not (longest.isdigit() and latest):
            return None
        if not self.agent_holds():
            return ()
        if self.task == "hold_until":
            date = self.words["date"]
            return self.agent_hold(b"HOLDUNTIL=" + date.encode("ascii")) if self.agent_dares(date, latest) else None
        seconds = int(self.words["seconds"])
        if not self.agent_dares_for(seconds, int(longest)):
            return None
        hold = self.agent_hold(b"HOLDFOR=%d" % seconds)
        if self.task == "hold_for":
            return hold
        by = int(self.words["by"])
        return (*hold, b"BY=%d;R" % by) if self.agent_has_time(seconds, by) else None

    # What a user agent chooses.

    @decision
    def agent_nodes(self) -> tuple[bytes, ...]:
        """The names for ETRN: fully qualified (RFC 1985 §5)."""
        return NAMES

    @decision
    def agent_goes_on_asking(self, reply: Reply) -> bool:
        """Whether ETRN follows for another name: not behind a 5yz (RFC 1985 §5.2)."""
        return reply.severity != 5

    @decision
    def agent_envelope_id(self) -> bytes:
        """An ENVID of no more than 38 characters (RFC 3461 §5.4)."""
        return b"m%d" % self.number

    @decision
    def agent_tracked_id(self) -> bytes:
        """What stands before the host in the ENVID of a message that is tracked: new each time (RFC 3885 §3.2)."""
        return b"m%d" % self.number

    @decision
    def agent_host_of_id(self) -> bytes:
        """Our host's name in such an ENVID, or its hash, where there is no room for the name (RFC 3885 §3.2)."""
        name = self.words["name"].encode("ascii")
        if len(b"m%d@" % self.number + name) <= ENVID_BOUND:
            return name
        return _hash(name).replace(b"+", b"+2B")

    @decision
    def agent_hold(self, hold: bytes) -> tuple[bytes, ...]:
        """The hold, once (RFC 4865 §4.1)."""
        return (hold,)

    @decision
    def agent_holds(self) -> bool:
        """Whether the message may be put on hold: not where it reports on another (RFC 4865 §5.1.1, §5.3.1)."""
        return _REPORT.search(self.message.partition(CRLF + CRLF)[0]) is None

    @decision
    def agent_dares_for(self, seconds: int, longest: int) -> bool:
        """Whether so long a hold may be asked for: where it is no longer than what is offered (RFC 4865 §4.1)."""
        return seconds <= longest

    @decision
    def agent_dares(self, date: str, latest: bytes) -> bool:
        """Whether a hold until then may be asked for: where it is no later than what is offered (RFC 4865 §4.1)."""
        return datetime.fromisoformat(date) <= datetime.fromisoformat(latest.decode("ascii"))

    @decision
    def agent_has_time(self, seconds: int, by: int) -> bool:
        """Whether the time of delivery is past that of the hold (RFC 4865 §5.2.1)."""
        return seconds < by

    @decision
    def agent_content(self, message: bytes) -> bytes:
        """The message as it goes out; one that is a solicitation says of which classes (RFC 3865 §2.5)."""
        return self.agent_solicitation() + message if self.task == "solicit" else message

    @decision
    def agent_solicitation(self) -> bytes:
        """The field that says the classes: one list, with commas (RFC 3865 §2.2, §2.5)."""
        return b"Solicitation: " + self.words["classes"].encode("ascii") + CRLF

    @decision
    def agent_tls(self) -> ssl.SSLContext:
        """Our side of TLS: it verifies the certificate, and the name in it (RFC 8314 §3.3)."""
        return self.trusted

    @decision
    def agent_starts_tls(self) -> bool:
        """Whether STARTTLS is said for a message that wants TLS (RFC 8689 §4.3)."""
        return True

    @decision
    def agent_can_require_tls(self) -> bool:
        """Whether a message that wants TLS can go: under TLS, where REQUIRETLS is offered (RFC 8689 §4.3)."""
        return self.secured and b"REQUIRETLS" in self.offers

    @decision
    def agent_says_requiretls(self) -> bool:
        """Whether MAIL of such a message has REQUIRETLS (RFC 8689 §4.3)."""
        return True

    @decision
    def agent_asks_in_utf8(self) -> bool:
        """Whether VRFY and EXPN have SMTPUTF8: where it was offered (RFC 6531 §3.7.4.2)."""
        return b"SMTPUTF8" in self.offers

    @decision
    def agent_reads(self, text: bytes) -> bool:
        """Whether the text of a reply to VRFY or EXPN can be read: also where it is UTF-8 (RFC 6531 §3.7.4.2)."""
        del text
        return True

    @decision
    def agent_can_burl(self, arguments: bytes | None) -> bool:
        """Whether URLs of IMAP can be sent: imap is among the arguments, whatever the others are (RFC 4468 §3.1)."""
        return arguments is not None and b"IMAP" in arguments.split()

    @decision
    def agent_groups(self) -> bool:
        """Whether a transaction with BURL goes out at once, where PIPELINING allows it (RFC 4468 §3.2)."""
        return True

    @decision
    def agent_mixes_chunks(self) -> bool:
        """Whether a part of the message goes by BDAT, where CHUNKING allows it (RFC 4468 §3.2)."""
        return True

    @decision
    def agent_waits_for_last(self) -> bool:
        """Whether another transaction waits for the reply to LAST: always (RFC 4468 §3.2)."""
        return True

    @decision
    def agent_takes(self, reply: Reply) -> bool:
        """Whether the server did what it was told: the first digit says so, whatever the code is (RFC 4468 §6)."""
        return reply.severity == 2


def _hash(octets: bytes) -> bytes:
    """SHA-1 in base64, without the pad (RFC 3885 §3.2)."""
    return base64.b64encode(hashlib.sha1(octets, usedforsecurity=False).digest()).rstrip(b"=")
