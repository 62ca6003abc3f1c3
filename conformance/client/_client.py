"""The SMTP client of a scenario: every octet as the author wrote it, every answer as it came."""

from __future__ import annotations

import base64
import enum
import functools
import os
import secrets
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import trio

from conformance.client._connection import SEGMENT_PAUSE, Connection
from conformance.client._outcomes import HandshakeFailed, NotReady, Outcome, Secured, Silence
from conformance.target import Target
from conformance.wire import CRLF, Reply, stuff, visible

MAX_REPLIES = 1000


class At(enum.IntEnum):
    """Where a scenario starts; each rung does the ones before it.

    ``CONNECT`` has read nothing yet and belongs to clauses about the greeting itself.
    """

    CONNECT = 0
    GREETING = 1
    EHLO = 2
    MAIL = 3
    RCPT = 4
    DATA = 5


@dataclass(frozen=True, slots=True)
class Exchange:
    """One reply beside the verb it answers, for the watches.

    The verb is ``None`` once several lines were sent at once, or a reply was unread when the next line was sent: from
    then on nobody can say which line a reply answers.
    """

    verb: str | None
    reply: Reply
    offers: frozenset[str]


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
    _verb: str | None = "CONNECT"
    _out_of_step: bool = False
    _in_data: bool = False
    _before_tls: bool = False
    _left: bool = False
    _line_is_open: bool = False

    # Octets out, outcomes in.

    async def say(self, line: bytes) -> Outcome:
        """Send one command line, CRLF added, and return its outcome."""
        await self.raw(line + CRLF)
        return await self.reply()

    async def raw(self, octets: bytes) -> None:
        """Send exactly these octets and read nothing."""
        self._line_is_open = not octets.endswith(CRLF)
        if not self._in_data:
            lines = octets.removesuffix(CRLF)
            several = b"\n" in lines or b"\r" in lines
            self._out_of_step = self._out_of_step or several or self.connection.unread
            self._verb = None if self._out_of_step else lines.split(b" ")[0][:16].decode("ascii", "replace").upper()
        await self.connection.send(octets)

    async def pause(self) -> None:
        """Let the server read what was sent, so that what comes next is a segment of its own."""
        await trio.sleep(SEGMENT_PAUSE)

    async def reply(self, within: float | None = None) -> Outcome:
        """The next outcome; silence only after the patience of the run, or ``within`` seconds."""
        outcome = await self.connection.outcome(self.connection.pace.patience if within is None else within)
        if isinstance(outcome, Reply):
            self._in_data = outcome.code == 354
            if self._before_tls:
                return outcome  # octets in the place of a handshake are no reply
            self._before_tls = self._verb == "STARTTLS" and outcome.code == 220
            if self.on_exchange is not None:
                self.on_exchange(Exchange(self._verb, outcome, frozenset(self.offers)))
        return outcome

    async def replies_until_quit(self, lines: int = 1) -> list[Outcome]:
        """The next outcome, then all others up to the close that QUIT brings: the fence that needs no timer.

        RFC 5321 §4.1.1.10: 221 and the close come last, so what stands between is more than one reply. ``lines`` is
        how many outcomes are due before QUIT, less where one is not a reply.
        """
        outcomes = [await self.reply()]
        while len(outcomes) < lines and isinstance(outcomes[-1], Reply):
            outcomes.append(await self.reply())
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

    async def climb(self, start: At) -> None:
        """Reach the starting state, rung by rung.

        Raises:
            NotReady: the server refused a rung.
        """
        if start >= At.GREETING:
            self.greeting = await self.reply()
            self._require("greeting", self.greeting, {220})
        if start >= At.EHLO:
            await self._introduce()
        if start >= At.MAIL:
            self._require("MAIL", await self.mail())
        if start >= At.RCPT:
            self._require("RCPT", await self.rcpt())
        if start >= At.DATA:
            self._require("DATA", await self.say(b"DATA"), {354})

    async def _introduce(self) -> None:
        await self.introduce()
        if self.target.starttls_required and not self.connection.secured:
            await self.starttls()
            await self.introduce()
        if self.target.auth_required:
            await self.authenticate()

    async def introduce(self) -> None:
        """EHLO (LHLO to an LMTP server), or HELO where the server refuses EHLO (RFC 5321 §3.2).

        Raises:
            NotReady: both were refused.
        """
        outcome = await self.ehlo()
        refused = isinstance(outcome, Reply) and outcome.severity == 5
        if refused and self.target.role != "lmtp":
            outcome = await self.say(b"HELO " + self.helo_name)
            self.hello, self.offers = outcome, {}
        self._require("EHLO", outcome)

    async def ehlo(self, name: bytes | None = None) -> Outcome:
        """Say EHLO (LHLO to an LMTP server) and take note of what is offered."""
        verb = b"LHLO" if self.target.role == "lmtp" else b"EHLO"
        self.hello = await self.say(verb + b" " + (name or self.ehlo_name))
        self.offers = _offers(self.hello)
        return self.hello

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

    # Set-up verbs: NotReady where the server does not play along.

    async def transaction(self) -> None:
        """MAIL and RCPT, both accepted."""
        self._require("MAIL", await self.mail())
        self._require("RCPT", await self.rcpt())

    async def deliver(self, content: bytes | None = None) -> None:
        """One whole transaction, accepted to the end."""
        await self.transaction()
        self._require("DATA", await self.say(b"DATA"), {354})
        self._require("end of data", await self._content(content))

    async def starttls(self, behind: bytes = b"") -> Secured:
        """Say STARTTLS and complete the handshake; ``behind`` goes in clear in the same segment.

        Raises:
            NotReady: refused, or the handshake failed.
        """
        outcome = await self.try_starttls(behind)
        if not isinstance(outcome, Secured):
            raise NotReady("STARTTLS", outcome, service_refused=_is_421(outcome))
        return outcome

    async def try_starttls(self, behind: bytes = b"") -> Secured | HandshakeFailed | Outcome:
        """As ``starttls``, but whatever happens is a value."""
        await self.raw(b"STARTTLS" + CRLF + behind)
        outcome = await self.reply()
        if not (isinstance(outcome, Reply) and outcome.code == 220):
            return outcome
        self.hello, self.offers = None, {}
        secured = await self.connection.handshake(tls_context(self.target), self._tls_name())
        self._before_tls = isinstance(secured, HandshakeFailed)
        return secured

    async def implicit_tls(self) -> None:
        """The handshake of a port that speaks TLS from the first octet (RFC 8314 §3).

        Raises:
            NotReady: the handshake failed.
        """
        outcome = await self.connection.handshake(tls_context(self.target), self._tls_name())
        if isinstance(outcome, HandshakeFailed):
            raise NotReady("TLS", outcome)

    def _tls_name(self) -> str | None:
        return self.target.where.host or None

    async def authenticate(self) -> None:
        """AUTH with the target file's credentials, PLAIN or LOGIN as offered (RFC 4954, RFC 4616).

        Raises:
            NotReady: no credentials, no mechanism we speak, or refused.
        """
        credentials = self.target.credentials
        if credentials is None:
            raise NotReady("AUTH", "the target requires it and the target file names no credentials")
        password = os.environ.get(credentials.password_from)
        if password is None:
            raise NotReady("AUTH", f"the environment has no {credentials.password_from}")
        user, word = credentials.user.encode(), password.encode()
        plain = b"\0" + user + b"\0" + word
        for octets in (word, plain):
            self.secret(octets)
        offered = self.offers.get("AUTH", b"").upper().split()
        if b"PLAIN" in offered:
            outcome = await self.say(b"AUTH PLAIN " + base64.b64encode(plain))
        elif b"LOGIN" in offered:
            self._require("AUTH LOGIN", await self.say(b"AUTH LOGIN"), {334})
            self._require("AUTH LOGIN", await self.say(base64.b64encode(user)), {334})
            outcome = await self.say(base64.b64encode(word))
        else:
            raise NotReady("AUTH", f"neither PLAIN nor LOGIN is offered: {visible(b' '.join(offered))}")
        self._require("AUTH", outcome, {235})

    def secret(self, octets: bytes) -> None:
        """Keep these octets out of every transcript, in every encoding."""
        self.connection.transcript.secret(octets)

    # Content.

    def message(self, body: bytes = b"A message of the conformance suite.\r\n", without: Iterable[str] = ()) -> bytes:
        """A message with the five usual fields and the scenario's token, neither stuffed nor terminated.

        ``without`` names fields to leave out. ``body`` brings its own line ends.

        Raises:
            ValueError: ``without`` names a field that the message does not have.
        """
        sender = (self.target.sender or "suite@client.example.test").encode("ascii")
        recipient = self.target.mailbox.encode("ascii")
        fields = {
            "From": b"<%b>" % sender,
            "To": b"<%b>" % recipient if b"@" in recipient else b"<%b@%b>" % (recipient, b"example.test"),
            "Date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").encode("ascii"),
            "Message-ID": b"<%b@client.example.test>" % self.token.encode("ascii"),
            "Subject": b"smtp-conformance " + self.token.encode("ascii"),
        }
        missing = set(without)
        if missing - fields.keys():
            raise ValueError(f"a message has no {', '.join(sorted(missing - fields.keys()))} to leave out")
        header = b"".join(
            name.encode("ascii") + b": " + value + CRLF for name, value in fields.items() if name not in missing
        )
        return header + CRLF + body

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


def tls_context(target: Target) -> ssl.SSLContext:
    """A context that verifies the certificate only where the target file says so, and speaks TLS 1.2 and later."""
    return _verifying_context() if target.verify_certificate else _trusting_context()


@functools.cache
def _verifying_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@functools.cache
def _trusting_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
