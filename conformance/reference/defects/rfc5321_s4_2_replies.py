"""Defects in the form, the codes and the number of replies (RFC 5321 §4.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

OfOctets = Callable[[bytes], Answer | None]


class OnLine(Protocol):
    """An override of ``ServerSession.command``."""

    __name__: str

    def __call__(self, clean: OfOctets, session: ServerSession, /, line: bytes) -> Answer | None:
        """Decide about one command line."""


Render = Callable[[Answer], bytes]


@defect(ServerSession.help, proves={"rfc5321/4.2/watch_first_digit"}, also={"rfc5321/4.3.2/help-replies"})
def help_gets_614(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers HELP with a code that begins with 6."""
    del clean, session, argument
    return answer(614, b"Help")


@defect(
    ServerSession.help,
    proves={"rfc5321/4.2/watch_second_digit", "rfc5321/4.2/watch_listed_codes"},
    also={"rfc5321/4.3.1/listed-replies", "rfc5321/4.3.2/help-replies"},
)
def help_gets_264(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers HELP with a code of its own whose second digit is 6."""
    del clean, session, argument
    return answer(264, b"Help")


@defect(
    ServerSession.render,
    proves={"rfc5321/4.2/watch_text_after_code", "rfc5321/4.2.1/watch_space_on_the_last_line"},
    only={"214"},
    also={"rfc5321/4.1.1.8/helpful-information"},
)
def help_is_a_bare_code(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Answers HELP with a code alone."""
    del clean, session
    return b"%d\r\n" % given.code


@defect(
    ServerSession.help,
    proves={"rfc5321/4.2/watch_printable_text", "rfc5321/A/watch_high_bits"},
    also={"rfc6531/3.7.4.2/no-other-utf-8"},
)
def help_is_not_ascii(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers HELP in UTF-8."""
    del clean, session, argument
    return answer(214, "Hélp".encode())


@defect(
    ServerSession.render,
    proves={"rfc5321/4.3.2/watch_three_digits"},
    only={"214"},
    also={"rfc5321/4.2/reply-form", "rfc5321/4.3.2/help-replies"},
)
def help_has_two_digits(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Answers HELP with two digits."""
    del session
    return clean(given).replace(b"214", b"21")


@defect(ServerSession.render, proves={"rfc5321/4.2.1/watch_same_code_on_every_line"})
def lines_of_a_reply_differ_in_code(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Gives the first line of a multi-line reply another code."""
    del session
    octets = clean(given)
    return octets.replace(b"250-", b"251-", 1) if len(given.texts) > 1 else octets


@defect(
    ServerSession.render,
    proves={"rfc5321/4.2.1/watch_separators", "rfc5321/4.2/watch_reply_form"},
    only={"214"},
)
def help_has_a_colon_behind_its_code(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Puts a colon behind the code."""
    del session
    return clean(given).replace(b"214 ", b"214:")


@defect(ServerSession.help, proves={"rfc5321/4.5.3.1.5/watch_reply_lines_are_short"})
def help_is_one_long_line(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers HELP with a line of 606 octets."""
    del clean, session, argument
    return answer(214, b"h" * 600)


@defect(
    ServerSession.command,
    proves={"rfc5321/4.2.4/listed_capability_is_known*", "rfc5321/4.2.4/listed_parameter_is_known*"},
    also={
        "rfc5321/2.2.1/extension-mechanism",
        "rfc5321/7.3/252-when-disabled",
        "rfc5321/7.3/expn-supported",
        "rfc5321/4.1.1.8/help-supported",
        "rfc5321/4.5.1/vrfy-supported",
        "rfc3207/4/501-with-parameters",
        "rfc5321/4.3.2/quit-replies",
        "rfc1870/4/extended-mail-accepted",
        "rfc1870/6.1/552-for-good",
        "rfc2034/4/required-on-replies",
        "rfc3030/3/body-value",
        "rfc3207/3/keyword-means-able",
        "rfc3207/4/530-before-tls",
        "rfc3207/4/530-spares-four-commands",
        "rfc5321/4.1.4/bad-mail-keeps-state",
        "rfc6152/2/body-values",
        "rfc6531/3.1/paths-extended",
    },
)
def listed_capabilities_are_not_implemented(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Lists EXPN, HELP, VRFY, STARTTLS, SIZE and 8BITMIME, and answers them with 502."""
    listed = {b"EXPN", b"HELP", b"VRFY", b"STARTTLS"}
    if session.verb_of(line) in listed or b"> BODY=" in line or b"> SIZE=" in line:
        return answer(502, b"Not implemented")
    return clean(line)


ANSWERED_TWICE = {
    "noop": b"NOOP",
    "rset": b"RSET",
    "vrfy": b"VRFY postmaster",
    "help": b"HELP",
    "ehlo": b"EHLO client.example.test",
    "helo": b"HELO client.example.test",
    "mail": b"MAIL FROM:<>",
    "rcpt": b"RCPT TO:<postmaster>",
    "data": b"DATA",
    "unknown": b"BOGUS",
    "empty": b"",
    "turn": b"TURN",
    "send": b"SEND FROM:<>",
    "expn": b"EXPN postmaster",
}


def _twice(command: bytes) -> OnLine:
    def answered_twice(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
        behind_ehlo = session.extended and session.commands == 2
        given = clean(line)
        return replace(given, times=2) if behind_ehlo and given and line == command else given

    return answered_twice


def _declare_answered_twice() -> None:
    for row, command in ANSWERED_TWICE.items():
        override = _twice(command)
        override.__name__ = f"{row}_is_answered_twice"
        override.__doc__ = f"Answers {command.decode() or 'an empty line'} with two replies where it comes behind EHLO."
        verb = command.partition(b" ")[0].decode()
        proves = {f"rfc5321/4.2/command_brings_one_reply[{row}]*"}
        defect(ServerSession.command, proves=proves, also={"rfc2920/3.2/*"}, only={verb})(override)


_declare_answered_twice()
