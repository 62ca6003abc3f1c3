"""One session of the reference server: every choice that a server makes is a decision point."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import trio

from conformance.reference._answer import Answer, answer
from conformance.reference._authentication import Authentication
from conformance.reference._decision import Decisions, decision, decision_by
from conformance.reference._internationalized import extended_path_argument, is_utf_8
from conformance.reference._notification import is_envelope_id, is_notify, is_original_recipient
from conformance.reference._site import BUSY, DOMAIN, HOST, LISTS, USERS, Delivery, Site, takes_mail_for, unquoted
from conformance.reference._status import CLASSES, usual_status
from conformance.wire import CRLF
from conformance.wire.paths import Mailbox, PathArgument, is_address_literal, is_domain, mailbox

MAX_COMMAND = 4096
"""Octets of a command line before we give up on it; RFC 5321 §4.5.3.1.4 asks for 512 at least."""

MAX_MESSAGE = 10 * 1024 * 1024
MAX_RECIPIENTS = 1000

UTF8_COMMANDS = frozenset({b"MAIL", b"RCPT", b"VRFY", b"EXPN"})
"""The commands that RFC 6531 opens to UTF-8."""

NO_STATUS = frozenset({b"CONNECT", b"EHLO", b"HELO"})
"""What is answered without an enhanced status code: the connection itself, EHLO and HELO (RFC 2034 §3)."""

MAIL_PARAMETERS = {
    b"BODY": b"8BITMIME",
    b"SIZE": b"SIZE",
    b"RET": b"DSN",
    b"ENVID": b"DSN",
    b"AUTH": b"AUTH",
    b"SMTPUTF8": b"SMTPUTF8",
}
"""The parameters of MAIL, and the extension that each belongs to."""

__all__ = ["Answer", "ServerSession", "Transaction", "answer"]

Line = tuple[bytes, bytes]
"""A line without its end, and the octets behind it."""


@dataclass(slots=True)
class Transaction:
    """The three buffers of RFC 5321 §4.1.1; ``mail_data`` is ``None`` until DATA opens it."""

    reverse_path: bytes
    forward_paths: list[bytes] = field(default_factory=list)
    utf8: bool = False


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
    hides: frozenset[str] = frozenset()
    requires_auth: bool = False
    client_name: bytes | None = None
    extended: bool = False
    secured: bool = False
    transaction: Transaction | None = None
    buffer: bytes = b""
    in_data: bool = False
    closing: bool = False
    commands: int = 0
    answers: bytes = b"CONNECT"
    authentication: Authentication = field(init=False)

    def __post_init__(self) -> None:
        self.authentication = Authentication(self.decisions)

    async def serve(self) -> None:
        """Serve until QUIT or until the client is gone; a lost client cancels its transaction (§4.1.1.10)."""
        try:
            await self._give(self.greeting())
            while not self.closing and await self._read():
                await self._take_everything()
            if not self.closing:
                self.lost_client()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.lost_client()
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(1):
                try:
                    await self.stream.aclose()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return

    async def _read(self) -> bool:
        octets = bytes(await self.stream.receive_some(65536))
        self.buffer += octets
        return bool(octets)

    async def _take_everything(self) -> None:
        """Act on whatever is complete in the buffer."""
        while not self.closing:
            if self.in_data:
                found = self.find_end_of_data(self.buffer)
                if found is None:
                    return
                lines, self.buffer = found
                self.in_data = False
                await self._give(self.end_of_data(self.unstuffed(lines)))
            else:
                line = self.find_command_line(self.buffer)
                if line is None:
                    if len(self.buffer) > self.line_limit():
                        await self._drop_line()
                        continue
                    return
                octets, self.buffer = line
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
        await self._send(self.render(self.with_status(given)) * given.times)
        if given.close:
            self.closing = True
        if given.starts_tls:
            await self._start_tls()

    async def _send(self, octets: bytes) -> None:
        if octets:
            await self.stream.send_all(octets)

    async def _start_tls(self) -> None:
        assert self.tls is not None
        self.buffer = self.kept_across_tls(self.buffer)
        secure = trio.SSLStream(self.stream, self.tls, server_side=True, https_compatible=False)
        try:
            await secure.do_handshake()
        except trio.BrokenResourceError:
            self.closing = True
            return
        self.stream = secure
        self.secured = True
        self.forget_at_tls()
        await self._give(self.greeting_under_tls())

    # Lines and data.

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
        if self.lacks_authentication(verb):
            return self.authentication_required(verb)
        handler = _HANDLERS.get(verb)
        return handler(self)(argument) if handler else self.unknown(verb)

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
        offered = [b"PIPELINING", b"8BITMIME", b"SIZE %d" % MAX_MESSAGE, b"DSN", b"EXPN", b"HELP", b"VRFY"]
        offered += [b"ENHANCEDSTATUSCODES", b"SMTPUTF8"]
        if self.tls is not None and not self.secured:
            offered.append(b"STARTTLS")
        offered.append(b" ".join((b"AUTH", *self.authentication.auth_mechanisms())))
        return tuple(offered)

    @decision_by(lambda _, extension: extension.decode("ascii"))
    def has(self, extension: bytes) -> bool:
        """Whether the server has the extension, and so lists it."""
        return extension.decode("ascii") not in self.hides

    def listed(self) -> tuple[bytes, ...]:
        """The extensions, less those that this server is to be without."""
        return tuple(line for line in self.extensions() if line.partition(b" ")[0].decode("ascii") not in self.hides)

    @decision
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

    @decision
    def path_and_parameters(self, keyword: bytes, argument: bytes) -> PathArgument | None:
        """The argument of MAIL and RCPT behind ``FROM:`` or ``TO:``, whose case is free (§2.4)."""
        if argument[: len(keyword)].upper() != keyword:
            return None
        return extended_path_argument(argument[len(keyword) :])

    @decision
    def mail(self, argument: bytes) -> Answer | None:
        """Open a transaction (§4.1.1.2)."""
        if self.client_name is None:
            return answer(503, b"Say EHLO first")
        if self.transaction is not None:
            return self.nested_mail(argument)
        return self.open_transaction(argument)

    @decision
    def nested_mail(self, argument: bytes) -> Answer | None:
        """The reply to MAIL within a transaction, which stays as it is (§4.1.4)."""
        del argument
        return answer(503, b"A transaction is open; say RSET first")

    @decision
    def open_transaction(self, argument: bytes) -> Answer | None:
        """Read the reverse-path and its parameters; nothing changes where they are not acceptable (§4.1.4)."""
        given = self.path_and_parameters(b"FROM:", argument)
        if given is None:
            return answer(501, b"Syntax error in the reverse-path or its parameters")
        refused = self.refuse_mail_parameters(given.parameters)
        if refused is not None:
            return refused
        reverse_path = bytes(given.path.mailbox) if given.path.mailbox else b""
        if not self.may_be_utf8(reverse_path, b"SMTPUTF8" in given.parameters):
            return answer(550, b"An address outside ASCII needs SMTPUTF8", status=b"5.6.7")
        self.transaction = Transaction(reverse_path, utf8=b"SMTPUTF8" in given.parameters)
        return answer(250, b"OK")

    @decision
    def may_be_utf8(self, address: bytes, asked: bool) -> bool:
        """Whether the address can be taken: outside ASCII only where MAIL had SMTPUTF8 (RFC 6531 §3.4)."""
        return asked or address.isascii()

    @decision
    def refuse_mail_parameters(self, parameters: dict[bytes, bytes]) -> Answer | None:
        """The refusal of parameters that we do not know (§4.1.1.11) or can't meet, or ``None``."""
        if parameters and not self.extended:
            return answer(555, b"No parameters without EHLO")
        refusals = (self._refuse_mail_parameter(keyword, value) for keyword, value in parameters.items())
        return next((refusal for refusal in refusals if refusal is not None), None)

    def _refuse_mail_parameter(self, keyword: bytes, value: bytes) -> Answer | None:
        if keyword not in MAIL_PARAMETERS or not self.has(MAIL_PARAMETERS[keyword]):
            return answer(555, b"Parameter not recognized")
        if not self.mail_parameter_fits(keyword, value):
            return answer(501, b"Bad parameter value")
        if keyword == b"SIZE" and int(value) > MAX_MESSAGE:
            return answer(552, b"Message too big")
        return None

    @decision_by(lambda _, keyword, *_rest: keyword.decode("ascii"))
    def mail_parameter_fits(self, keyword: bytes, value: bytes) -> bool:
        """Whether the value is one that the parameter's extension defines."""
        match keyword:
            case b"BODY":
                return value.upper() in {b"7BIT", b"8BITMIME"}
            case b"SIZE":
                return value.isdigit() and len(value) <= 20
            case b"RET":
                return value.upper() in {b"FULL", b"HDRS"}
            case b"SMTPUTF8":
                return not value
            case b"ENVID":
                return is_envelope_id(value)
            case _:
                return self.authentication.auth_parameter_fits(value)

    @decision
    def rcpt(self, argument: bytes) -> Answer | None:
        """Add a recipient to the open transaction (§4.1.1.3)."""
        if self.transaction is None:
            return self.rcpt_without_mail(argument)
        if argument[:3].upper() == b"TO:" and argument[3:].lower() == b"<postmaster>":
            return self.take_recipient(b"postmaster")
        given = self.path_and_parameters(b"TO:", argument)
        if given is None or given.path.mailbox is None:
            return answer(501, b"Syntax error in the forward-path or its parameters")
        refused = self.refuse_rcpt_parameters(given.parameters)
        if refused is not None:
            return refused
        return self._take_or_refuse(self.transaction, given.path.mailbox)

    def _take_or_refuse(self, transaction: Transaction, mailbox: Mailbox) -> Answer | None:
        if not self.may_be_utf8(bytes(mailbox), transaction.utf8):
            return answer(553, b"An address outside ASCII needs SMTPUTF8", status=b"5.6.7")
        if not self.serves(mailbox):
            return self.refuse_recipient(bytes(mailbox))
        return self.take_recipient(bytes(mailbox))

    @decision
    def serves(self, mailbox: Mailbox) -> bool:
        """Whether there is such a mailbox here; domains have no case, local-parts have (§2.4)."""
        return takes_mail_for(self.site, mailbox)

    @decision
    def refuse_rcpt_parameters(self, parameters: dict[bytes, bytes]) -> Answer | None:
        """The refusal of parameters that we do not know (§4.1.1.11) or can't read (RFC 3461 §4), or ``None``."""
        if parameters and not self.extended:
            return answer(555, b"No parameters without EHLO")
        for keyword, value in parameters.items():
            if keyword not in {b"NOTIFY", b"ORCPT"} or not self.has(b"DSN"):
                return answer(555, b"Parameter not recognized")
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
        if len(self.transaction.forward_paths) >= MAX_RECIPIENTS:
            return answer(452, b"Too many recipients")
        self.transaction.forward_paths.append(forward_path)
        return answer(250, b"OK")

    @decision
    def data(self, argument: bytes) -> Answer | None:
        """Begin the mail data, with a sender and a recipient only (§3.3)."""
        if argument:
            return self.argument_given(b"DATA", argument)
        if self.transaction is None:
            return self.data_without_mail()
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
        self.deliver(transaction, content)
        return answer(250, b"OK, taken")

    @decision
    def deliver(self, transaction: Transaction, content: bytes) -> None:
        """Hand the message to the site."""
        self.site.delivered.append(Delivery(transaction.reverse_path, tuple(transaction.forward_paths), content))

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
    def vrfy(self, argument: bytes) -> Answer | None:
        """250 with the mailbox for one that we have verified, 550 for one that is not here (§3.5)."""
        argument = self.without_utf8_parameter(argument)
        if not argument:
            return answer(501, b"VRFY takes a mailbox")
        found = self._user(argument)
        if found is None:
            return answer(550, b"No such mailbox here")
        return answer(250, b"%b <%b>" % found)

    @decision
    def without_utf8_parameter(self, argument: bytes) -> bytes:
        """The argument of VRFY or EXPN without the parameter that allows UTF-8 in the reply (RFC 6531 §3.7.4.2)."""
        words, _, last = argument.rpartition(b" ")
        return words if words and last.upper() == b"SMTPUTF8" and self.has(b"SMTPUTF8") else argument

    def _user(self, words: bytes) -> tuple[bytes, bytes] | None:
        asked = mailbox(words.strip(b"<>")) or mailbox(words.strip(b"<>") + b"@" + DOMAIN)
        if asked is None or not takes_mail_for(self.site, asked):
            return None
        local = unquoted(asked.local)
        return USERS.get(local, local), bytes(asked)

    @decision
    def expn(self, argument: bytes) -> Answer | None:
        """The members of a list, one a line (§3.5.1)."""
        argument = self.without_utf8_parameter(argument)
        if not argument:
            return answer(501, b"EXPN takes a list")
        members = LISTS.get(argument.strip(b"<>").partition(b"@")[0])
        if members is None:
            return answer(550, b"No such list here")
        return answer(250, *(b"<%b>" % member for member in members))

    @decision
    def help(self, argument: bytes) -> Answer | None:
        """What we know (§4.1.1.8)."""
        del argument
        return answer(214, b"Commands: EHLO HELO MAIL RCPT DATA RSET NOOP QUIT VRFY EXPN HELP STARTTLS AUTH")

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
    def greeting_under_tls(self) -> Answer | None:
        """What the server says after the handshake: nothing, the client speaks next (RFC 3207 §4.2)."""
        return None


_HANDLERS: dict[bytes, Callable[[ServerSession], Callable[[bytes], Answer | None]]] = {
    b"EHLO": lambda session: session.ehlo,
    b"HELO": lambda session: session.helo,
    b"MAIL": lambda session: session.mail,
    b"RCPT": lambda session: session.rcpt,
    b"DATA": lambda session: session.data,
    b"RSET": lambda session: session.rset,
    b"NOOP": lambda session: session.noop,
    b"QUIT": lambda session: session.quit,
    b"VRFY": lambda session: session.vrfy,
    b"EXPN": lambda session: session.expn,
    b"HELP": lambda session: session.help,
    b"STARTTLS": lambda session: session.starttls,
    b"AUTH": lambda session: session.auth,
}
"""Looked up by verb, so that only the decision point that is asked counts as consulted."""
