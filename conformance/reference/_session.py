"""One session of the reference server: every choice that a server makes is a decision point."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import trio

from conformance.reference._answer import Answer, answer
from conformance.reference._authentication import Authentication
from conformance.reference._chunking import Chunking
from conformance.reference._decision import Decisions, decision, decision_by
from conformance.reference._directory import expanded, verified
from conformance.reference._extensions import (
    NO_LIMIT,
    NOTHING_WAITS,
    RECIPIENTS_AT_MOST,
    VERBS,
    lines_of,
    refusal_of,
    refusal_together,
    reply_to,
)
from conformance.reference._fetching import fetched
from conformance.reference._internationalized import extended_path_argument, is_utf_8
from conformance.reference._mailer import Mailer
from conformance.reference._notification import is_envelope_id, is_notify, is_original_recipient
from conformance.reference._owners import Ownership, required
from conformance.reference._parameters import Parameters
from conformance.reference._security_layer import SecurityLayer
from conformance.reference._shape import shape_of_name, shape_of_path
from conformance.reference._site import (
    BUSY,
    DEFERRED_CONTENT,
    DOMAIN,
    HOLDS_AT_MOST,
    HOST,
    LEAST_PRIORITY,
    MOVED,
    REFUSED_CONTENT,
    Delivery,
    Site,
    takes_mail_for,
    unquoted,
)
from conformance.reference._soliciting import Soliciting
from conformance.reference._status import CLASSES, usual_status
from conformance.reference._submission import Submission
from conformance.reference._tls import agreed_suite
from conformance.reference._trace import Accepted
from conformance.reference._verification import common_name
from conformance.wire import CRLF
from conformance.wire.paths import Mailbox, Path, PathArgument, is_address_literal, is_domain

__all__ = ["Answer", "ServerSession", "Transaction", "answer"]

MAX_COMMAND = 4096
"""Octets of a command line before we give up on it; RFC 5321 §4.5.3.1.4 asks for 512 at least."""

MAX_MESSAGE = 256 * 1024
MAX_RECIPIENTS = 120
"""No more than RFC 5321 §4.5.3.1.8 asks for, so that the limit can be reached."""

UTF8_COMMANDS = frozenset({b"MAIL", b"RCPT", b"VRFY", b"EXPN"})
"""The commands that RFC 6531 opens to UTF-8."""

NO_STATUS = frozenset({b"CONNECT", b"EHLO", b"HELO", b"LHLO"})
"""What is answered without an enhanced status code: the connection itself, EHLO, HELO and LHLO (RFC 2034 §3)."""

MAIL_PARAMETERS = {
    b"BODY": b"8BITMIME",
    b"SIZE": b"SIZE",
    b"RET": b"DSN",
    b"ENVID": b"DSN",
    b"AUTH": b"AUTH",
    b"SMTPUTF8": b"SMTPUTF8",
}
"""The parameters of MAIL, and the extension that each belongs to."""

Handler = Callable[[bytes], Answer | None]

Line = tuple[bytes, bytes]
"""A line without its end, and the octets behind it."""


@dataclass(slots=True)
class Transaction:
    """The three buffers of RFC 5321 §4.1.1; ``chunks`` are those of BDAT, and ``failed`` says that one was refused."""

    reverse_path: bytes
    forward_paths: list[bytes] = field(default_factory=list)
    utf8: bool = False
    body: bytes = b"7BIT"
    size: int | None = None
    mail_parameters: dict[bytes, bytes] = field(default_factory=dict)
    rcpt_parameters: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    chunks: bytes | None = None
    failed: bool = False

    @property
    def eight_bit(self) -> bool:
        """Whether the body may hold octets beyond US-ASCII (RFC 6152 §2)."""
        return self.body != b"7BIT"


def _parameters_or_plain(session: ServerSession, keyword: bytes, argument: bytes) -> str:
    """Whether a path has parameters behind it."""
    del session, keyword
    return "parameters" if b"> " in argument else "plain"


def _group_or_alone(session: ServerSession, given: Answer) -> str:
    """Whether the command that is answered came together with others."""
    del given
    return "group" if session.grouped else "alone"


def _waiting_or_none(session: ServerSession, held: bytes, reply: bytes) -> str:
    """Whether the command that is answered came together with others."""
    del held, reply
    return "group" if session.grouped else "alone"


@dataclass(slots=True, eq=False, weakref_slot=True)
class ServerSession:
    """A session from the greeting to the close; ``commands`` counts the command lines so far.

    It reads in blocks, answers line by line, and drops what came in clear behind STARTTLS.
    """

    stream: trio.abc.Stream
    site: Site
    decisions: Decisions
    tls: ssl.SSLContext | None = None
    rejects: bool = False
    mailer: Mailer | None = None
    requires_tls: bool = False
    hides: frozenset[str] = frozenset()
    requires_auth: bool = False
    requires_certificate: bool = False
    implicit_tls: bool = False
    client_name: bytes | None = None
    extended: bool = False
    secured: bool = False
    transaction: Transaction | None = None
    buffer: bytes = b""
    in_data: bool = False
    closing: bool = False
    commands: int = 0
    offers: frozenset[str] = frozenset()
    grouped: bool = False
    held: bytes = b""
    answers: bytes = b"CONNECT"
    submission: Submission | None = None
    began: float = field(default_factory=trio.current_time)
    chunking: Chunking = field(init=False)
    authentication: Authentication = field(init=False)
    layer: SecurityLayer = field(init=False)

    def __post_init__(self) -> None:
        self.chunking = Chunking(self, self.decisions)
        self.authentication = Authentication(self.decisions)
        self.layer = SecurityLayer(self, self.decisions)

    async def serve(self) -> None:
        """Serve until QUIT or until the client is gone; a lost client cancels its transaction (§4.1.1.10)."""
        try:
            if self.implicit_tls:
                await self._tls_at_once()
            if not self.closing:
                await self._give(self.greeting())
            while not self.closing and await self._read():
                await self._take_everything()
            if not self.closing:
                self.lost_client()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.lost_client()
        finally:
            with trio.CancelScope(shield=True, relative_deadline=1):
                try:
                    await self._close()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return

    async def _close(self) -> None:
        if isinstance(self.stream, trio.SSLStream) and not self.says_that_it_closes():
            await self.stream.transport_stream.aclose()
        else:
            await self.stream.aclose()

    async def _read(self) -> bool:
        octets = b""
        with trio.CancelScope(relative_deadline=self.idle_seconds()) as idle:
            octets = bytes(await self.stream.receive_some(65536))
        if idle.cancelled_caught:
            self.answers = b""
            await self._give(answer(421, HOST + b" heard nothing for too long", close=True))
        self.buffer += self.layer.inward(octets)
        return bool(octets)

    async def _take_everything(self) -> None:
        """Act on whatever is complete in the buffer."""
        self.grouped = False
        while not self.closing:
            if self.in_data:
                found = self.find_end_of_data(self.buffer)
                if found is None:
                    return
                lines, self.buffer = found
                self.in_data = False
                await self._give(self.end_of_data(self.unstuffed(lines)))
            elif self.chunking.due is not None:
                chunk = self.chunking.find_octets(self.buffer)
                if chunk is None:
                    return
                octets, self.buffer = chunk
                await self._give(self.chunking.take_chunk(octets))
            else:
                line = self.find_command_line(self.buffer)
                if line is None:
                    if len(self.buffer) > self.line_limit():
                        await self._drop_line()
                        continue
                    return
                octets, self.buffer = line
                self.grouped = self.grouped or bool(self.buffer)
                self.commands += 1
                await self._give(self.line(octets))

    def line_limit(self) -> int:
        """Octets of a line before we give up on it."""
        return self.authentication.auth_line_limit() if self.authentication.exchange else MAX_COMMAND

    def line(self, octets: bytes) -> Answer | None:
        """Act on one line: a response where an exchange is under way, else a command."""
        return self.authentication.auth_line(octets) if self.authentication.exchange else self.command(octets)

    async def _drop_line(self) -> None:
        while self.find_command_line(self.buffer) is None:
            self.buffer = self.buffer[-1:]
            if not await self._read():
                self.closing = True
                return
        line = self.find_command_line(self.buffer)
        assert line is not None
        self.buffer = line[1]
        await self._give(self.authentication.give_up() if self.authentication.exchange else self.line_too_long())

    @decision
    def line_too_long(self) -> Answer | None:
        """The reply to a command line that is too long (§4.5.3.1.4)."""
        self.answers = b""
        return answer(500, b"Line too long")

    async def _give(self, given: Answer | None) -> None:
        if given is None:
            return
        if given.pause:
            await trio.sleep(given.pause)
        if self.submission is not None:
            await trio.sleep(self.submission.seconds_before_reply(self.answers))
        if given.starts_tls:
            with trio.move_on_after(self.pause_before_tls()):
                await self._read()
        self.held = self.joined(self.held, self.render(self.with_status(given)) * given.times)
        if not self.holds_back(given):
            await self._send(self.held)
            self.held = b""
        if given.close:
            self.closing = True
        if given.starts_tls:
            await self._start_tls()
        self.layer.begin()
        for each in given.more:
            await self._give(each)

    async def _send(self, octets: bytes) -> None:
        if octets:
            await self.stream.send_all(self.layer.outward(octets))

    async def _tls_at_once(self) -> None:
        """The handshake of a port that speaks TLS from the first octet (RFC 8314 §3.3)."""
        await self._give(self.before_handshake())
        secure = await self._handshake()
        if secure is None:
            self.closing = not self.serves_in_clear()
        else:
            self.authentication.certified = common_name(secure.getpeercert())

    async def _handshake(self) -> trio.SSLStream[trio.abc.Stream] | None:
        """Go over to TLS; ``None`` where the handshake fails."""
        assert self.tls is not None
        below = self.layer.below_tls(self.stream)
        secure = trio.SSLStream(below, self.tls_side(self.tls), server_side=True, https_compatible=False)
        try:
            await secure.do_handshake()
        except trio.BrokenResourceError:
            return None
        self.stream = secure
        self.secured = True
        return secure

    async def _start_tls(self) -> None:
        self.buffer = self.kept_across_tls(self.buffer)
        secure = await self._handshake()
        if secure is None:
            self.closing = True
            self.failed_handshake()
            return
        self.forget_at_tls()
        self.authentication.certified = common_name(secure.getpeercert())
        await self._give(self.greeting_under_tls())

    async def say_last(self) -> None:
        """Say that the server ends, to a client that may be gone."""
        given = self.stopped()
        if given is not None:
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self._send(self.render(self.with_status(given)))

    # Lines and data.

    @decision
    def stopped(self) -> Answer | None:
        """The last word of a server that is stopped from outside (§3.8)."""
        return answer(421, HOST + b" is shut down", close=True)

    @decision
    def idle_seconds(self) -> float:
        """How long the client may say nothing: as long as it likes, where five minutes are the least (§4.5.3.2.7)."""
        return float("inf")

    @decision
    def find_command_line(self, buffer: bytes) -> Line | None:
        """The first line of the buffer: only CRLF ends one (§2.3.8)."""
        line, end, rest = buffer.partition(CRLF)
        return (line, rest) if end else None

    @decision
    def find_end_of_data(self, buffer: bytes) -> Line | None:
        """The lines before CRLF.CRLF; the first CRLF may be that of the DATA command (§4.1.1.4)."""
        if buffer.startswith(b"." + CRLF):
            return b"", buffer[3:]
        lines, end, rest = buffer.partition(b"\r\n.\r\n")
        return (lines + CRLF, rest) if end else None

    @decision
    def unstuffed(self, lines: bytes) -> bytes:
        """The lines less the first dot of each that begins with one (§4.5.2)."""
        inner = lines.replace(b"\r\n.", b"\r\n")
        return inner[1:] if inner.startswith(b".") else inner

    @decision_by(lambda _, given: str(given.code))
    def with_status(self, given: Answer) -> Answer:
        """The answer with an enhanced status code before each of its texts, where one belongs (RFC 2034 §3)."""
        if not self.has(b"ENHANCEDSTATUSCODES") or given.code // 100 not in CLASSES or self.answers in NO_STATUS:
            return given
        status = given.status or usual_status(given.code, self.answers)
        return replace(given, texts=tuple(status + b" " + text for text in given.texts))

    @decision_by(lambda _, given: str(given.code))
    def render(self, given: Answer) -> bytes:
        """The reply's octets: the same code on every line, a hyphen on all but the last (§4.2.1)."""
        code = b"%d" % given.code
        *before, last = given.texts
        return b"".join(code + b"-" + text + CRLF for text in before) + code + b" " + last + CRLF

    @decision_by(_group_or_alone)
    def holds_back(self, given: Answer) -> bool:
        """Whether this reply waits for more to be sent with it: never (RFC 2920 §3.2 allows it for a while)."""
        del given
        return False

    @decision_by(_waiting_or_none)
    def joined(self, held: bytes, reply: bytes) -> bytes:
        """Replies that wait, and one more: in the order of their commands (RFC 2920 §3.2)."""
        return held + reply

    # Commands.

    @decision
    def lost_client(self) -> None:
        """The connection ended without QUIT, which is as good as one (§4.1.1.5)."""
        self.clear("lost client")

    @decision
    def greeting(self) -> Answer | None:
        """The opening message begins with the host's name (§4.3.1)."""
        if self.rejects:
            return answer(554, HOST + b" takes no mail")
        return answer(220, HOST + b" ESMTP reference server of smtp-conformance")

    @decision
    def has_forbidden_octets(self, line: bytes) -> bool:
        """Whether a command line holds 8-bit or control octets, tabs apart (§2.4, §4.1.2), or UTF-8 out of place."""
        if self.takes_utf8(line):
            line = bytes(octet for octet in line if octet < 0x80)
        return any(octet >= 0x7F or (octet < 0x20 and octet != 0x09) for octet in line)

    @decision
    def takes_utf8(self, line: bytes) -> bool:
        """Whether the line may hold UTF-8, and what it holds is that (RFC 6531 §3.2)."""
        verb = line.partition(b" ")[0].upper()
        return self.extended and self.has(b"SMTPUTF8") and verb in UTF8_COMMANDS and is_utf_8(line)

    @decision
    def verb_of(self, line: bytes) -> bytes:
        """The verb, in upper case: verbs have no case (§2.4)."""
        return line.partition(b" ")[0].upper()

    @decision
    def argument_of(self, line: bytes) -> bytes:
        """What stands behind the verb, less trailing white space (§4.1.1)."""
        return line.partition(b" ")[2].rstrip(b" \t")

    @decision_by(lambda _, line: line.partition(b" ")[0].strip().upper()[:16].decode("ascii", "replace"))
    def command(self, line: bytes) -> Answer | None:
        """Act on one command line; every line gets one reply (§4.2)."""
        self.answers = line.partition(b" ")[0].strip().upper()
        if self.has_forbidden_octets(line):
            return self.syntax_error(line)
        line = line.rstrip(b" \t") if b" " not in line.rstrip(b" \t") else line
        verb, argument = self.verb_of(line), self.argument_of(line)
        if self.rejects and verb != b"QUIT":
            return self.command_after_554(verb)
        if self.requires_tls and not self.secured:
            refused = self.before_tls(verb)
            if refused is not None:
                return refused
        if self.requires_certificate and self.secured and not self.authentication.certified:
            refused = self.too_weak(verb)
            if refused is not None:
                return refused
        if self.lacks_authentication(verb):
            return self.authentication_required(verb)
        handler = self.handler_of(verb)
        return handler(argument) if handler else self.unknown(verb)

    def handler_of(self, verb: bytes) -> Handler | None:
        """What acts on this verb, or ``None``: looked up so that only the decision point that is asked is consulted."""
        if verb in VERBS and verb.decode("ascii") in self.offers:
            return partial(self.extension_command, verb)
        handler = _HANDLERS.get(verb)
        return handler(self) if handler else None

    @decision
    def extension_command(self, verb: bytes, argument: bytes) -> Answer | None:
        """Act on a verb of an extension on request; what fails to replace DATA ends the transaction (RFC 4468 §3.2)."""
        recipients = len(self.transaction.forward_paths) if self.transaction else 0
        url, _, marker = argument.partition(b" ")
        content = fetched(url, self.authentication.identity) if recipients and verb == b"BURL" else None
        if self.transaction is not None and content is not None and marker.upper() in {b"", b"LAST"}:
            return self._take_fetched(self.transaction, content, last=bool(marker))
        code, text = reply_to(verb, argument, in_transaction=self.transaction is not None, recipients=recipients)
        if code == 554:
            self.clear(verb.decode("ascii"))
        if verb == b"ETRN" and code == NOTHING_WAITS and self.mailer is not None:
            waiting = self.mailer.release(argument)
            if waiting:
                return answer(253, b"OK, %d pending messages for node %b started" % (waiting, argument))
        return answer(code, text)

    def _take_fetched(self, transaction: Transaction, content: bytes, *, last: bool) -> Answer | None:
        """Content that came by BURL: a chunk like those of BDAT; whoever passes it on has to know (RFC 4468 §4)."""
        transaction.mail_parameters = {**transaction.mail_parameters, b"BURL": b""}
        transaction.chunks = (transaction.chunks or b"") + content
        return self.end_of_data(transaction.chunks) if last else answer(250, b"Waiting for more", status=b"2.5.0")

    @decision
    def lacks_authentication(self, verb: bytes) -> bool:
        """Whether the command needs an authentication that is not there (RFC 4954 §6)."""
        return self.requires_auth and self.authentication.identity is None and verb in {b"MAIL", b"RCPT", b"DATA"}

    @decision
    def authentication_required(self, verb: bytes) -> Answer | None:
        """The refusal of a command for want of authentication (RFC 4954 §6)."""
        del verb
        return answer(530, b"Authenticate first", status=b"5.7.0")

    @decision
    def command_after_554(self, verb: bytes) -> Answer | None:
        """The reply to any command but QUIT after a greeting with 554 (§3.1)."""
        del verb
        return answer(503, b"Bad sequence of commands")

    @decision_by(lambda _, verb: verb[:16].decode("ascii", "replace"))
    def before_tls(self, verb: bytes) -> Answer | None:
        """The refusal of a command in clear where TLS is asked for, or ``None`` (RFC 3207 §4)."""
        if verb in {b"NOOP", b"EHLO", b"STARTTLS", b"QUIT"}:
            return None
        return answer(530, b"Must issue a STARTTLS command first")

    @decision_by(lambda _, verb: verb[:16].decode("ascii", "replace"))
    def too_weak(self, verb: bytes) -> Answer | None:
        """The refusal of a command under TLS without the certificate that is asked for (RFC 3207 §4.1)."""
        return None if verb == b"QUIT" else answer(554, b"Command refused due to lack of security")

    @decision
    def syntax_error(self, line: bytes) -> Answer | None:
        """The reply to a line with octets that no command may hold (§2.4)."""
        del line
        return answer(500, b"Syntax error, invalid character")

    @decision
    def unknown(self, verb: bytes) -> Answer | None:
        """The reply to a verb we do not know; the session goes on (§3.8, §4.2.4)."""
        del verb
        return answer(500, b"Command not recognized")

    @decision
    def extensions(self) -> tuple[bytes, ...]:
        """The EHLO keywords: every command that is not required, and what else we speak (§4.1.1.1)."""
        offered = [b"PIPELINING", b"8BITMIME", b"DSN", b"EXPN", b"HELP", b"VRFY"]
        offered += [] if NO_LIMIT in self.offers else [b"SIZE %d" % MAX_MESSAGE]
        offered += [b"CHUNKING", b"BINARYMIME", b"ENHANCEDSTATUSCODES", b"SEND", b"SOML", b"SAML", b"SMTPUTF8"]
        if self.tls is not None and not self.secured:
            offered.append(b"STARTTLS")
        offered.append(b" ".join((b"AUTH", *self.authentication.auth_mechanisms())))
        return (*offered, *lines_of(self.offers, secured=self.secured))

    @decision_by(lambda _, extension: extension.decode("ascii"))
    def has(self, extension: bytes) -> bool:
        """Whether the server has the extension, and so lists it."""
        return extension.decode("ascii") not in self.hides

    def listed(self) -> tuple[bytes, ...]:
        """The extensions, less those that this server is to be without."""
        return tuple(line for line in self.extensions() if line.partition(b" ")[0].decode("ascii") not in self.hides)

    @decision_by(lambda _, name: shape_of_name(name))
    def acceptable_client_name(self, name: bytes) -> bool:
        """Whether EHLO's argument is a Domain or an address literal (§4.1.1.1)."""
        return is_domain(name) or is_address_literal(name)

    @decision
    def ehlo(self, argument: bytes) -> Answer | None:
        """Note the client's name, clear everything as RSET does, and list the extensions (§4.1.4)."""
        if not self.acceptable_client_name(argument):
            return self.refuse_hello()
        return self.take_hello(argument) if self.client_name is None else self.hello_again(argument)

    @decision
    def hello_again(self, argument: bytes) -> Answer | None:
        """A later EHLO is taken like the first (§4.1.4)."""
        return self.take_hello(argument)

    def take_hello(self, argument: bytes) -> Answer:
        """Note the name, clear all buffers, and answer with the extensions."""
        self.client_name, self.extended = argument, True
        self.clear("EHLO")
        return answer(250, self.hello_text(), *self.listed())

    @decision
    def refuse_hello(self) -> Answer | None:
        """The reply to EHLO without a name; nothing changes (§4.1.4)."""
        return answer(501, b"EHLO takes a domain or an address literal")

    @decision
    def hello_text(self) -> bytes:
        """The first line of the reply to EHLO: our name, and a greeting behind it (§4.1.1.1)."""
        return HOST + b" greets you"

    @decision
    def helo(self, argument: bytes) -> Answer | None:
        """As EHLO, but one line and no extensions (§3.2)."""
        if not self.acceptable_client_name(argument):
            return answer(501, b"HELO takes a domain")
        self.client_name, self.extended = argument, False
        self.clear("HELO")
        return answer(250, HOST)

    @decision_by(lambda _, why: why)
    def clear(self, why: str) -> None:
        """Clear the reverse-path, forward-path and mail data buffers, because of this command."""
        del why
        self.transaction = None

    @decision_by(_parameters_or_plain)
    def path_and_parameters(self, keyword: bytes, argument: bytes) -> PathArgument | None:
        """The argument of MAIL and RCPT behind ``FROM:`` or ``TO:``, whose case is free (§2.4)."""
        if argument[: len(keyword)].upper() != keyword:
            return None
        return extended_path_argument(argument[len(keyword) :])

    @decision_by(lambda _, path: shape_of_path(path))
    def acceptable_path(self, path: Path) -> bool:
        """Whether a path of this form is taken: every form of the grammar is (§4.1.2, §4.1.3)."""
        del path
        return True

    @decision
    def mail(self, argument: bytes) -> Answer | None:
        """Open a transaction (§4.1.1.2)."""
        if self.client_name is None:
            return answer(503, b"Say EHLO first")
        if self.transaction is not None:
            return self.nested_mail(argument)
        return self.open_transaction(argument)

    @decision
    def send(self, verb: bytes, argument: bytes) -> Answer | None:
        """SEND, SOML and SAML open a transaction as MAIL does (§F.6, RFC 821 §3.4); nobody is at a terminal here."""
        del verb
        return self.mail(argument)

    @decision
    def nested_mail(self, argument: bytes) -> Answer | None:
        """The reply to MAIL within a transaction, which stays as it is (§4.1.4)."""
        del argument
        return answer(503, b"A transaction is open; say RSET first")

    @decision
    def open_transaction(self, argument: bytes) -> Answer | None:
        """Read the reverse-path and its parameters; nothing changes where they are not acceptable (§4.1.4)."""
        given = self.path_and_parameters(b"FROM:", argument)
        if given is None or not self.acceptable_path(given.path):
            return answer(501, b"Syntax error in the reverse-path or its parameters")
        given = self.qualified(given)
        if given is None:
            return answer(554, b"The domain of the sender is not complete", status=b"5.1.8")
        refused = self.refuse_mail_parameters(given.parameters) or self.refuse_sender(given.path)
        if refused is not None:
            return refused
        reverse_path, utf8 = self.kept_reverse_path(given.path), b"SMTPUTF8" in given.parameters
        if not self.may_be_utf8(reverse_path, utf8):
            return answer(550, b"An address outside ASCII needs SMTPUTF8", status=b"5.6.7")
        body, size = given.parameters.get(b"BODY", b"7BIT"), given.parameters.get(b"SIZE", b"")
        self.transaction = Transaction(
            reverse_path,
            utf8=utf8,
            body=body.upper(),
            size=int(size) if size.isdigit() else None,
            mail_parameters=given.parameters,
        )
        priority = given.parameters.get(b"MT-PRIORITY", b"")
        kept = self.kept_parameters(given.parameters).get(b"MT-PRIORITY", b"") if priority else b""
        return answer(250, b"OK") if kept == priority else self.priority_was_changed(kept)

    @decision
    def priority_was_changed(self, kept: bytes) -> Answer | None:
        """The reply to MAIL whose priority is not that which was asked for (RFC 6710 §4.1)."""
        return answer(250, kept + b" is the priority", status=b"2.3.6")

    def qualified(self, given: PathArgument) -> PathArgument | None:
        """The path with its domain in full, as a submission server wants it; ``None`` where it can't be."""
        if self.submission is None or given.path.mailbox is None:
            return given
        whole = self.submission.qualified_mailbox(given.path.mailbox)
        return replace(given, path=replace(given.path, mailbox=whole)) if whole else None

    @decision_by(lambda session, path: "ours" if session.is_ours(path) else "elsewhere")
    def refuse_sender(self, path: Path) -> Answer | None:
        """The refusal of a reverse-path in a domain of our own that is no mailbox (§3.3), or ``None``."""
        if path.mailbox is None or not self.is_ours(path) or self.site.has_user(path.mailbox.local):
            return None
        return answer(550, b"No such sender here", status=b"5.1.0")

    def is_ours(self, path: Path) -> bool:
        """Whether the path ends in a domain whose mail ends here."""
        return path.mailbox is not None and self.site.is_local(path.mailbox.domain)

    @decision
    def may_be_utf8(self, address: bytes, asked: bool) -> bool:
        """Whether the address can be taken: outside ASCII only where MAIL had SMTPUTF8 (RFC 6531 §3.4)."""
        return asked or address.isascii()

    @decision
    def kept_reverse_path(self, path: Path) -> bytes:
        """The reverse-path less its source route (§4.1.2)."""
        return bytes(path.mailbox) if path.mailbox else b""

    @decision
    def kept_forward_path(self, path: Path) -> bytes:
        """The forward-path less its source route (§3.6.1)."""
        if path.mailbox is None:
            return b""
        elsewhere = self.submission is not None and not self.is_ours(path)
        kept = self.submission.submitted_local_part(path.mailbox) if self.submission and elsewhere else path.mailbox
        return bytes(kept)

    @decision_by(lambda _session, parameters: "some" if parameters else "none")
    def refuse_mail_parameters(self, parameters: dict[bytes, bytes]) -> Answer | None:
        """The refusal of parameters that we do not know (§4.1.1.11) or can't meet, or ``None``."""
        if parameters and not self.extended:
            return answer(555, b"No parameters without EHLO")
        for keyword, value in parameters.items():
            refused = self._refuse_mail_parameter(keyword, value)
            if refused is not None:
                return refused
        return self.parameters_together(parameters) or self._refuse_request(parameters)

    def _refuse_request(self, parameters: dict[bytes, bytes]) -> Answer | None:
        """The refusal of what a submission server could do and does not: a low priority, or one more hold."""
        if self.submission is None:
            return None
        refused = self.refuse_priority(parameters[b"MT-PRIORITY"]) if b"MT-PRIORITY" in parameters else None
        on_hold = b"HOLDFOR" in parameters or b"HOLDUNTIL" in parameters
        return self.refuse_hold() if refused is None and on_hold else refused

    @decision
    def refuse_priority(self, priority: bytes) -> Answer | None:
        """The refusal of mail of a lower priority than is taken now, or ``None`` (RFC 6710 §4.1)."""
        low = priority[1:].isdigit() and int(priority) < LEAST_PRIORITY
        return answer(550, b"No mail of this priority now", status=b"5.7.15") if low else None

    @decision
    def refuse_hold(self) -> Answer | None:
        """The refusal of one more message on hold for a user who has enough of them, or ``None`` (RFC 4865 §6)."""
        user = self.authentication.identity
        held = sum(1 for _, _, whose in self.site.held.values() if whose == user)
        enough = user is not None and held >= HOLDS_AT_MOST
        return answer(552, b"Too many messages of yours are on hold", status=b"5.7.16") if enough else None

    def _refuse_mail_parameter(self, keyword: bytes, value: bytes) -> Answer | None:
        if keyword not in MAIL_PARAMETERS or not self.has(MAIL_PARAMETERS[keyword]):
            return self.extension_parameter(b"MAIL", keyword, value)
        if not self.mail_parameter_fits(keyword, value):
            return answer(501, b"Bad parameter value")
        if keyword == b"SIZE" and self.is_too_big(int(value)):
            return answer(552, b"Message too big")
        return None

    @decision_by(lambda _, verb, keyword, value: f"{verb.decode()} {keyword[:16].decode()}{'=' if value else ''}")
    def extension_parameter(self, verb: bytes, keyword: bytes, value: bytes) -> Answer | None:
        """The refusal of a parameter of an extension on request, or ``None``; 555 where it is not offered."""
        refusal = refusal_of(self.offers, verb, keyword, value, secured=self.secured)
        return answer(*refusal, status=b"5.7.1" if refusal[0] == 550 else b"5.5.4") if refusal else None

    @decision
    def parameters_together(self, parameters: dict[bytes, bytes]) -> Answer | None:
        """The refusal of parameters of MAIL that are fine each and not together, or ``None``."""
        refusal = refusal_together(parameters)
        return answer(*refusal, status=b"5.5.4") if refusal else None

    @decision_by(lambda _, keyword, *_rest: keyword.decode("ascii"))
    def mail_parameter_fits(self, keyword: bytes, value: bytes) -> bool:
        """Whether the value is one that the parameter's extension defines."""
        match keyword:
            case b"BODY":
                return self.knows_body(value)
            case b"SIZE":
                return self.is_size(value)
            case b"RET":
                return value.upper() in {b"FULL", b"HDRS"}
            case b"SMTPUTF8":
                return not value
            case b"ENVID":
                return is_envelope_id(value)
            case _:
                return self.authentication.auth_parameter_fits(value)

    @decision
    def knows_body(self, value: bytes) -> bool:
        """Whether we take a body of this kind; the value has no case (RFC 6152 §2, RFC 3030 §3)."""
        return value.upper() in {b"7BIT", b"8BITMIME", b"BINARYMIME"}

    @decision
    def is_size(self, value: bytes) -> bool:
        """Whether the value is a size: 1 to 20 digits (RFC 1870 §3)."""
        return value.isdigit() and len(value) <= 20

    @decision
    def is_too_big(self, declared: int) -> bool:
        """Whether a message of the declared size can never be taken (RFC 1870 §6.1)."""
        return declared > MAX_MESSAGE and NO_LIMIT not in self.offers

    @decision
    def rcpt(self, argument: bytes) -> Answer | None:
        """Add a recipient to the open transaction (§4.1.1.3)."""
        if self.transaction is None:
            return self.rcpt_without_mail(argument)
        if argument[:3].upper() == b"TO:" and argument[3:].lower() == b"<postmaster>":
            return self.take_recipient(b"postmaster")
        bare = b"TO:<postmaster> "
        if argument[: len(bare)].lower() == bare.lower():
            argument = b"TO:<postmaster@%b> " % DOMAIN + argument[len(bare) :]
        given = self.path_and_parameters(b"TO:", argument)
        if given is None or given.path.mailbox is None or not self.acceptable_path(given.path):
            return answer(501, b"Syntax error in the forward-path or its parameters")
        given = self.qualified(given)
        if given is None or given.path.mailbox is None:
            return answer(554, b"The domain of the recipient is not complete", status=b"5.1.2")
        refused = self.refuse_rcpt_parameters(given.parameters) or Ownership(self.site, self.decisions).refuse_rcpt(
            given.path.mailbox, given.parameters
        )
        if refused is not None:
            return refused
        before = len(self.transaction.forward_paths)
        reply = self.take_or_refuse(given.path, given.path.mailbox)
        for forward_path in self.transaction.forward_paths[before:]:
            said = given.parameters.items()
            self.transaction.rcpt_parameters += [(forward_path, keyword, value) for keyword, value in said]
        return reply

    def take_or_refuse(self, path: Path, mailbox: Mailbox) -> Answer | None:
        """Whom we take mail for, and whom we don't."""
        assert self.transaction is not None
        if not self.may_be_utf8(bytes(mailbox), self.transaction.utf8):
            return answer(553, b"An address outside ASCII needs SMTPUTF8", status=b"5.6.7")
        local = self.site.is_local(mailbox.domain)
        if local and unquoted(mailbox.local) in MOVED:
            return self.forward(self.kept_forward_path(path), MOVED[unquoted(mailbox.local)])
        if self.serves(mailbox):
            refused = self.refuse_domain_without_mail(mailbox)
            return refused or self.take_recipient(self.kept_forward_path(path))
        return self.refuse_recipient(bytes(mailbox)) if local else self.refuse_relaying(bytes(mailbox))

    def refuse_domain_without_mail(self, mailbox: Mailbox) -> Answer | None:
        """The refusal of a recipient whose domain says in the DNS that it takes no mail, or ``None``."""
        domain, mailer = mailbox.domain.decode("utf-8"), self.mailer
        if mailer is None or mailer.routing is None or not self.site.looks_up(domain):
            return None
        return self.null_mx(domain) if mailer.routing.takes_no_mail(domain) else None

    @decision
    def null_mx(self, domain: str) -> Answer | None:
        """The reply to a recipient in a domain with a null MX (RFC 7504 §4, §6)."""
        del domain
        return answer(556, b"Domain does not accept mail", status=b"5.1.10")

    @decision
    def forward(self, forward_path: bytes, new_address: bytes) -> Answer | None:
        """Take mail for a mailbox that is elsewhere now, and say where (§3.4)."""
        taken = self.take_recipient(forward_path)
        if taken is None or taken.code != 250 or not self.may_tell_new_address(new_address):
            return taken
        return answer(251, b"User not local; will forward to <%b>" % new_address)

    @decision
    def may_tell_new_address(self, new_address: bytes) -> bool:
        """Whether the client can read it: outside ASCII where MAIL had SMTPUTF8 only (RFC 6531 §3.7.4.1)."""
        return new_address.isascii() or (self.transaction is not None and self.transaction.utf8)

    @decision
    def refuse_relaying(self, forward_path: bytes) -> Answer | None:
        """The reply to a recipient elsewhere; we relay for one domain only (§3.6.2)."""
        del forward_path
        return answer(550, b"No relaying", status=b"5.7.1")

    @decision
    def serves(self, mailbox: Mailbox) -> bool:
        """Whether there is such a mailbox here, or whether we relay for its domain; local-parts have case (§2.4)."""
        return takes_mail_for(self.site, mailbox) or self.site.relays_for(mailbox.domain)

    @decision
    def refuse_rcpt_parameters(self, parameters: dict[bytes, bytes]) -> Answer | None:
        """The refusal of parameters that we do not know (§4.1.1.11) or can't read (RFC 3461 §4), or ``None``."""
        if parameters and not self.extended:
            return answer(555, b"No parameters without EHLO")
        for keyword, value in parameters.items():
            if keyword not in {b"NOTIFY", b"ORCPT"} or not self.has(b"DSN"):
                refused = self.extension_parameter(b"RCPT", keyword, value)
                if refused is not None:
                    return refused
                continue
            if not self.rcpt_parameter_fits(keyword, value):
                return answer(501, b"Bad parameter value")
        return None

    @decision_by(lambda _, keyword, *_rest: keyword.decode("ascii"))
    def rcpt_parameter_fits(self, keyword: bytes, value: bytes) -> bool:
        """Whether the value is one that RFC 3461 §4 defines."""
        return is_notify(value) if keyword == b"NOTIFY" else is_original_recipient(value)

    @decision
    def rcpt_without_mail(self, argument: bytes) -> Answer | None:
        """RCPT without MAIL is out of sequence (§3.3)."""
        del argument
        return answer(503, b"Say MAIL first")

    @decision
    def refuse_recipient(self, forward_path: bytes) -> Answer | None:
        """The reply to a recipient we do not take mail for (§3.3)."""
        if forward_path.partition(b"@")[0] == BUSY:
            return answer(450, b"Busy; come back later")
        return answer(550, b"No such mailbox here")

    @decision
    def take_recipient(self, forward_path: bytes) -> Answer | None:
        """Append to the forward-path buffer, which holds 100 at least (§4.5.3.1.8)."""
        assert self.transaction is not None
        if len(self.transaction.forward_paths) >= self.recipients_at_most():
            return answer(452, b"Too many recipients")
        self.transaction.forward_paths.append(forward_path)
        return answer(250, b"OK")

    @decision
    def recipients_at_most(self) -> int:
        """The recipients of a message that we take; with LIMITS as many as it says (RFC 9422 §4.2)."""
        return RECIPIENTS_AT_MOST if "LIMITS" in self.offers else MAX_RECIPIENTS

    @decision
    def data(self, argument: bytes) -> Answer | None:
        """Begin the mail data, with a sender and a recipient only (§3.3)."""
        if argument:
            return self.argument_given(b"DATA", argument)
        if self.transaction is None:
            return self.data_without_mail()
        refused = self.chunking.refuse_data()
        if refused is not None:
            return refused
        if not self.transaction.forward_paths:
            return self.data_without_recipients()
        return self.begin_data()

    @decision
    def data_without_mail(self) -> Answer | None:
        """DATA without MAIL is out of sequence (§3.3)."""
        return answer(503, b"Say MAIL first")

    @decision
    def data_without_recipients(self) -> Answer | None:
        """DATA without a recipient is out of sequence too (§3.3)."""
        return answer(503, b"Say RCPT first")

    @decision
    def begin_data(self) -> Answer | None:
        """The intermediate reply; all that follows is mail data (§3.3)."""
        self.in_data = True
        return answer(354, b"Start mail input; end with <CRLF>.<CRLF>")

    @decision
    def end_of_data(self, content: bytes) -> Answer | None:
        """Take responsibility for the message, or refuse it whole; the buffers are empty then (§4.1.1.4)."""
        transaction = self.transaction
        self.clear("end of data")
        if transaction is None:
            return answer(503, b"Say MAIL first")
        if len(content) > MAX_MESSAGE:
            return answer(552, b"Message too big")
        refuse = self._refusal_of(content)
        if refuse is not None:
            return refuse(transaction, content)
        refused = self._refuse_for_header(transaction, content)
        if refused is not None:
            return refused
        if self.submission is not None:
            content, reason = self.submission.finished(content, self.authentication.identity)
            if reason:
                return answer(554, reason, status=b"5.6.0")
        self.deliver(transaction, content)
        return answer(250, b"OK, taken")

    def _refusal_of(self, content: bytes) -> Callable[[Transaction, bytes], Answer | None] | None:
        if self.site.queue_is_full:
            return self.find_no_room
        if REFUSED_CONTENT in content:
            return self.refuse_content
        return self.refuse_content_for_now if DEFERRED_CONTENT in content else None

    def _refuse_for_header(self, transaction: Transaction, content: bytes) -> Answer | None:
        """The refusal of a message for its class (RFC 3865 §2.3) or for the owner of a mailbox (RFC 7293 §5.2)."""
        refused = None
        if "NO-SOLICITING" in self.offers:
            refused = Soliciting(self.decisions).refuse_class(content, transaction.forward_paths)
        if refused is not None or not required(content):
            return refused
        asked = [path for path, keyword, _ in transaction.rcpt_parameters if keyword == b"RRVS"]
        return Ownership(self.site, self.decisions).refuse_message(content, transaction.forward_paths, asked)

    @decision
    def find_no_room(self, transaction: Transaction, content: bytes) -> Answer | None:
        """Refuse for now what can't be written down, and deliver it to nobody (§6.1)."""
        del transaction, content
        return answer(452, b"No room for it now", status=b"4.3.1")

    @decision
    def refuse_content(self, transaction: Transaction, content: bytes) -> Answer | None:
        """Refuse the message whole, and deliver it to nobody (§4.2.5)."""
        del transaction, content
        return answer(554, b"This content is not taken")

    @decision
    def refuse_content_for_now(self, transaction: Transaction, content: bytes) -> Answer | None:
        """Refuse the message whole for now, and deliver it to nobody: the client has it still (§4.2.5)."""
        del transaction, content
        return answer(451, b"This content is not taken now")

    @decision
    def deliver(self, transaction: Transaction, content: bytes) -> None:
        """Hand the message to the site."""
        forward_paths = tuple(transaction.forward_paths)
        self.site.delivered.append(Delivery(transaction.reverse_path, forward_paths, content))
        if self.mailer is not None:
            self.mailer.take_message(
                Accepted(
                    transaction.reverse_path,
                    forward_paths,
                    content,
                    client_name=self.client_name or b"unknown",
                    peer=_peer(self.stream),
                    extended=self.extended,
                    secured=self.secured,
                    suite=agreed_suite(self.stream),
                    authenticated=self.authentication.identity is not None,
                    certified=self.authentication.certified,
                    user=self.authentication.identity,
                    eight_bit=transaction.eight_bit,
                    parameters=Parameters(
                        tuple(self.kept_parameters(transaction.mail_parameters).items()),
                        tuple(transaction.rcpt_parameters),
                    ).saying(b"AUTH", self.authentication.auth_submitter(transaction.mail_parameters.get(b"AUTH"))),
                )
            )

    @decision
    def kept_parameters(self, parameters: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What MAIL asked for, but no priority above the usual for strangers (RFC 6710 §4.1)."""
        high = parameters.get(b"MT-PRIORITY", b"-")[:1] not in {b"-", b"0"}
        stranger = self.authentication.identity is None
        return {**parameters, b"MT-PRIORITY": b"0"} if high and stranger else parameters

    @decision
    def argument_given(self, verb: bytes, argument: bytes) -> Answer | None:
        """The reply to an argument of DATA, RSET or QUIT, which take none (§4.3.2)."""
        del verb, argument
        return answer(501, b"No argument allowed")

    @decision
    def rset(self, argument: bytes) -> Answer | None:
        """Abort the transaction; the connection stays (§4.1.1.5)."""
        if argument:
            return self.argument_given(b"RSET", argument)
        self.clear("RSET")
        return answer(250, b"OK")

    @decision
    def noop(self, argument: bytes) -> Answer | None:
        """Nothing but a 250; the argument is ignored (§4.1.1.9)."""
        del argument
        return answer(250, b"OK")

    @decision
    def quit(self, argument: bytes) -> Answer | None:
        """221, then the close (§4.1.1.10)."""
        if argument:
            return self.argument_given(b"QUIT", argument)
        return answer(221, HOST + b" closes the channel", close=True)

    @decision
    def disabled(self, verb: bytes, argument: bytes) -> Answer | None:
        """The reply to VRFY or EXPN at a site that has turned them off for security (§7.3)."""
        del argument
        return answer(252, verb + b" is turned off here; mail will be taken and delivered if it can be")

    @decision
    def vrfy(self, argument: bytes) -> Answer | None:
        """What we know of a mailbox or of the users of a name (§3.5)."""
        asked = self.without_utf8_parameter(argument)
        if not asked:
            return answer(501, b"VRFY takes a mailbox")
        told = verified(self.site, asked)
        return self.readable(answer(told.code, *told.texts), asked != argument)

    @decision
    def readable(self, given: Answer, reads_utf8: bool) -> Answer:
        """The answer to VRFY or EXPN where the client can read it, else a 252 (RFC 6531 §3.7.4.2)."""
        if reads_utf8 or all(text.isascii() for text in given.texts):
            return given
        return answer(252, b"The mailbox can only be told in UTF-8, but will take mail", status=b"2.6.8")

    @decision
    def without_utf8_parameter(self, argument: bytes) -> bytes:
        """The argument of VRFY or EXPN without the parameter that allows UTF-8 in the reply (RFC 6531 §3.7.4.2)."""
        words, _, last = argument.rpartition(b" ")
        return words if words and last.upper() == b"SMTPUTF8" and self.has(b"SMTPUTF8") else argument

    @decision
    def expn(self, argument: bytes) -> Answer | None:
        """The members of a list, one a line (§3.5.1)."""
        asked = self.without_utf8_parameter(argument)
        if not asked:
            return answer(501, b"EXPN takes a list")
        told = expanded(asked)
        return self.readable(answer(told.code, *told.texts), asked != argument)

    @decision
    def help(self, argument: bytes) -> Answer | None:
        """What we know (§4.1.1.8)."""
        del argument
        return answer(214, b"Commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY EXPN HELP STARTTLS AUTH")

    @decision
    def starttls(self, argument: bytes) -> Answer | None:
        """Go over to TLS, once (RFC 3207 §4)."""
        if argument:
            return answer(501, b"STARTTLS takes no argument")
        if self.tls is None:
            return answer(502, b"Not available")
        if self.secured:
            return answer(503, b"TLS is active already")
        return answer(220, b"Ready to start TLS", starts_tls=True)

    @decision
    def pause_before_tls(self) -> float:
        """The seconds that the 220 to STARTTLS takes, in which clear octets may come: none."""
        return 0.0

    @decision
    def tls_side(self, tls: ssl.SSLContext) -> ssl.SSLContext:
        """Our side of TLS: its versions, from 1.2 (RFC 8314 §4), and whether it asks for the client's certificate."""
        return tls

    @decision
    def before_handshake(self) -> Answer | None:
        """What is said in clear on a port that begins with TLS: nothing (RFC 8314 §3.3)."""
        return None

    @decision
    def serves_in_clear(self) -> bool:
        """Whether a client that does not begin with TLS is served there all the same: no (RFC 8314 §3.3)."""
        return False

    @decision
    def failed_handshake(self) -> None:
        """What a handshake that fails does to anybody else: nothing."""

    @decision
    def auth(self, argument: bytes) -> Answer | None:
        """Begin to authenticate the client (RFC 4954 §4)."""
        if not self.has(b"AUTH"):
            return self.unknown(b"AUTH")
        return self.authentication.begin(argument, extended=self.extended, in_transaction=self.transaction is not None)

    @decision
    def kept_across_tls(self, buffer: bytes) -> bytes:
        """What of the clear octets behind STARTTLS is read as if it had come under TLS: nothing (RFC 3207 §4.2)."""
        del buffer
        return b""

    @decision
    def forget_at_tls(self) -> None:
        """Discard all that the client said in clear (RFC 3207 §4.2)."""
        self.client_name, self.extended = None, False
        self.authentication.forget()
        self.clear("STARTTLS")

    @decision
    def says_that_it_closes(self) -> bool:
        """Whether the close alert of TLS goes before the close (RFC 8314 §3.4)."""
        return True

    @decision
    def greeting_under_tls(self) -> Answer | None:
        """What the server says after the handshake: nothing, the client speaks next (RFC 3207 §4.2)."""
        return None


def _peer(stream: trio.abc.Stream) -> bytes:
    """The client's IP address; that of loopback where the stream has none."""
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    return str(stream.socket.getpeername()[0]).encode() if isinstance(stream, trio.SocketStream) else b"127.0.0.1"


_HANDLERS: dict[bytes, Callable[[ServerSession], Callable[[bytes], Answer | None]]] = {
    b"EHLO": lambda session: session.ehlo,
    b"HELO": lambda session: session.helo,
    b"MAIL": lambda session: session.mail,
    b"RCPT": lambda session: session.rcpt,
    b"DATA": lambda session: session.data,
    b"BDAT": lambda session: session.chunking.bdat,
    b"RSET": lambda session: session.rset,
    b"NOOP": lambda session: session.noop,
    b"QUIT": lambda session: session.quit,
    b"VRFY": lambda session: partial(session.disabled, b"VRFY") if session.site.keeps_secrets else session.vrfy,
    b"EXPN": lambda session: partial(session.disabled, b"EXPN") if session.site.keeps_secrets else session.expn,
    b"HELP": lambda session: session.help,
    b"STARTTLS": lambda session: session.starttls,
    b"AUTH": lambda session: session.auth,
    b"SEND": lambda session: partial(session.send, b"SEND"),
    b"SOML": lambda session: partial(session.send, b"SOML"),
    b"SAML": lambda session: partial(session.send, b"SAML"),
}
"""Looked up by verb, so that only the decision point that is asked counts as consulted."""
