"""Defects in the form of replies beyond a single HELP, and in their number where a command has an odd form (§4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from weakref import WeakKeyDictionary

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST

Decide = Callable[[], Answer | None]
OfOctets = Callable[[bytes], Answer | None]
Render = Callable[[Answer], bytes]


class OnLine(Protocol):
    """An override of ``ServerSession.command``."""

    __name__: str

    def __call__(self, clean: OfOctets, session: ServerSession, /, line: bytes) -> Answer | None:
        """Decide about one command line."""


UNUSUAL_ARGUMENTS = {
    b"NOOP argument",
    b"RSET argument",
    b"VRFY",
    b"EXPN",
    b"HELP NOOP",
    b"EHLO",
    b"HELO",
    b"MAIL",
    b"RCPT",
    b"DATA argument",
    b"BOGUS argument",
}
ODD_FORMS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "lower": ("a command whose verb is in lower case", lambda line: line.partition(b" ")[0].islower()),
    "space": ("a command with white space behind it", lambda line: line.endswith(b" ")),
    "argument": ("a command with an argument too many or too few", lambda line: line in UNUSUAL_ARGUMENTS),
}


def _twice(is_odd: Callable[[bytes], bool]) -> OnLine:
    def answered_twice(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
        behind_ehlo = session.extended and session.commands == 2
        given = clean(line)
        return replace(given, times=2) if behind_ehlo and given and not given.starts_tls and is_odd(line) else given

    return answered_twice


def _declare_answered_twice() -> None:
    for form, (what, is_odd) in ODD_FORMS.items():
        override = _twice(is_odd)
        override.__name__ = f"odd_{form}_is_answered_twice"
        override.__doc__ = f"Answers {what} with two replies where it comes behind EHLO."
        proves = {f"rfc5321/4.2/command_in_another_form_brings_one_reply[*-{form}]*"}
        defect(ServerSession.command, proves=proves)(override)


_declare_answered_twice()


USUAL_LINE = re.compile(rb"[A-Za-z]+(?: [^%\x00-\x1f\x7f-\xff]*)?")


@defect(
    ServerSession.command,
    proves={"rfc5321/4.2/odd_line_brings_one_reply*"},
    also={"rfc5321/4.2/printable-text", "rfc6531/3.7.4.2/for-that-command-only"},
)
def odd_octets_are_answered_twice(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers a line of odd octets behind EHLO with two replies."""
    behind_ehlo = session.extended and session.commands == 2
    given = clean(line)
    odd = line and USUAL_LINE.fullmatch(line) is None and not line.startswith(b"NOOP one")
    return replace(given, times=2) if behind_ehlo and given and odd else given


GROUPED = {
    (b"RSET", b"RSET", b"NOOP"),
    (b"RSET", b"MAIL FROM:<>", b"RSET"),
    (b"MAIL FROM:<>", b"RSET", b"BOGUS"),
    (b"MAIL FROM:<>", b"RCPT TO:<postmaster>", b"RCPT TO:<postmaster>"),
    (b"RCPT TO:<postmaster>", b"MAIL FROM:<>", b"MAIL FROM:<>"),
}
_last_lines: WeakKeyDictionary[ServerSession, tuple[bytes, bytes]] = WeakKeyDictionary()


@defect(ServerSession.command, proves={"rfc5321/4.3.1/group_brings_a_reply_to_each*"})
def repeated_command_goes_unanswered(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Gives no reply to a third command behind two that often come before it."""
    before = _last_lines.get(session, (b"", b""))
    _last_lines[session] = (before[1], line)
    given = clean(line)
    return None if session.commands == 4 and (*before, line) in GROUPED else given


@defect(
    ServerSession.greeting,
    proves={"rfc5321/4.2/greeting_has_its_form"},
    also={"rfc5321/4.1.1.1/greeting-names-server", "rfc5321/4.3.1/name-in-greeting"},
)
def greeting_hides_the_name_in_parentheses(clean: Decide, session: ServerSession) -> Answer | None:
    """Greets with its name in parentheses."""
    return clean() if session.rejects else answer(220, b"(" + HOST + b") ready")


@defect(
    ServerSession.render,
    proves={"rfc5321/4.2/other_opening_reply_has_the_form_of_a_reply"},
    only={"554"},
    also={"rfc5321/4.2/reply-form", "rfc5321/4.2.1/hyphen-on-all-but-the-last"},
)
def rejecting_greeting_has_a_colon(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Puts a colon behind the 554 that it opens with."""
    octets = clean(given)
    return octets.replace(b"554 ", b"554:", 1) if session.rejects else octets


@defect(
    ServerSession.render,
    proves={"rfc5321/4.2.1/reply_ends[*"},
    only={"214", "500"},
    also={
        "rfc5321/2.3.8/only-crlf",
        "rfc5321/4.1.5/unknown-x-command",
        "rfc5321/4.2/one-reply",
        "rfc5321/4.2.1/same-code-on-every-line",
        "rfc5321/4.2.4/500-for-unknown",
        "rfc4954/4/too-long-500",
    },
)
def last_line_has_a_hyphen(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Puts a hyphen behind the code on the last line too, in replies with 214 and 500."""
    del session
    code = b"%d" % given.code
    return clean(given).replace(code + b" ", code + b"-")


@defect(
    ServerSession.render,
    proves={"rfc5321/4.2/watch_reply_line_syntax"},
    only={"250"},
    also={"rfc5321/4.3.2/three-digits-2-to-5"},
)
def line_of_a_list_lacks_its_code(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Leaves the code out of the second line of a reply of three lines or more."""
    del session
    if len(given.texts) < 3:
        return clean(given)
    first, second, *others = clean(given).splitlines(keepends=True)
    return b"".join((first, second.removeprefix(b"250-"), *others))


@defect(ServerSession.render, only={"221"}, proves={"rfc5321/4.2/watch_texts_that_programs_read"}, also={"rfc2034/*"})
def quit_has_no_text(clean: Render, session: ServerSession, given: Answer) -> bytes:
    """Answers QUIT with 221 and a space."""
    del clean, session, given
    return b"221 \r\n"


@defect(ServerSession.quit, varies={"rfc5321/4.2.2/reply_to_quit_may_name_the_server"})
def quit_says_goodbye(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers QUIT without its name."""
    del session
    given = clean(argument)
    return replace(given, texts=(b"Goodbye",)) if given and given.code == 221 else given


@defect(ServerSession.vrfy, proves={"rfc5321/4.2.2/watch_forward_path_in_251_and_551"})
def vrfy_says_251_without_a_path(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY of postmaster with 251 and no path."""
    del session
    given = clean(argument)
    return answer(251, b"Handled elsewhere") if argument == b"postmaster" else given


@defect(ServerSession.noop, varies={"rfc5321/4.2.1/text_of_250_may_change"})
def noop_has_the_text_of_the_list(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers NOOP with the text that the list of codes has for 250."""
    del clean, session, argument
    return answer(250, b"Requested mail action okay, completed")


@defect(ServerSession.begin_data, varies={"rfc5321/4.3.1/text_of_354_may_differ"})
def data_has_a_text_of_its_own(clean: Decide, session: ServerSession) -> Answer | None:
    """Answers DATA with 354 and a text of its own."""
    del session
    given = clean()
    return replace(given, texts=(b"Go ahead",)) if given else given


@defect(ServerSession.vrfy, varies={"rfc5321/4.2/reply_to_any_command_may_have_several_lines"})
def vrfy_tells_much(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY of postmaster in two lines, as it may."""
    del session
    given = clean(argument)
    return replace(given, texts=(*given.texts, *given.texts)) if given and argument == b"postmaster" else given
