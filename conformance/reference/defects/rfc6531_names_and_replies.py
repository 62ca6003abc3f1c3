"""Defects of how a server reads, looks up, tells and writes addresses outside ASCII (RFC 6531)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace

from dnslib import DNSLabel

from conformance.reference._decision import defect
from conformance.reference._internationalized import in_a_labels, in_u_labels
from conformance.reference._routing import Routing
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._trace import Accepted, Trace
from conformance.wire.paths import Mailbox, Path, PathArgument

OfOctets = Callable[[bytes], Answer | None]
Parse = Callable[[bytes, bytes], PathArgument | None]
Name = Callable[[Accepted, bytes], bytes]
Tell = Callable[[Answer, bool], Answer]

PARSED = "rfc6531/3.2/local_part_is_parsed_as_in_ascii"

# How local-parts are read.


@defect(
    ServerSession.path_and_parameters,
    proves={
        f"{PARSED}[{row}]"
        for row in (
            "two-dots",
            "dot-first",
            "dot-last",
            "space",
            "comma",
            "bracket",
            "unclosed-quote",
            "quote-within",
            "at",
        )
    },
    also={"rfc5321/*"},
)
def utf8_local_parts_have_no_delimiters(
    clean: Parse, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes anything with UTF-8 in it for a mailbox."""
    del session
    found = clean(keyword, argument)
    if found or argument.isascii():
        return found
    parameters = {b"SMTPUTF8": b""} if argument.upper().endswith(b" SMTPUTF8") else {}
    return PathArgument(Path(Mailbox(b"someone", b"example.com")), parameters)


LOOKS_SO = (
    "full-width-at",
    "full-width-dots",
    "full-width-dot-last",
    "ideographic-stop",
    "full-width-quote",
    "full-width-bracket",
    "no-break-space",
    "ideographic-space",
    "line-separator",
)


@defect(ServerSession.path_and_parameters, proves={f"{PARSED}[{row}]" for row in LOOKS_SO})
def what_looks_like_a_delimiter_is_one(
    clean: Parse, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Reads addresses with the letters of ASCII for those that look so, white space of all kinds included."""
    del session
    letters = unicodedata.normalize("NFKC", argument.decode("utf-8", "replace").replace("\u3002", "."))
    return clean(keyword, "".join(" " if letter.isspace() else letter for letter in letters).encode())


@defect(
    ServerSession.path_and_parameters,
    proves={f"{PARSED}[quoted-at]", f"{PARSED}[escaped]", f"{PARSED}[plus]"},
    also={"rfc6531/3.2/utf-8-wherever-mailbox"},
)
def utf8_local_parts_are_letters_only(
    clean: Parse, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Refuses quotes and signs in a local-part with UTF-8, which it takes in one without."""
    del session
    found = clean(keyword, argument)
    local = found.path.mailbox.local if found and found.path.mailbox else b""
    return None if not local.isascii() and (b'"' in local or b"+" in local) else found


# How domains are looked up.

RAW = "domains-are-looked-up-as-they-are"


@defect(
    Routing.name_to_look_up,
    name=RAW,
    proves={
        "rfc6531/3.2/name_outside_ascii_is_asked_for_in_a_labels*",
        "rfc6531/3.2/mail_goes_where_the_a_labels_lead*",
    },
)
def domain_stays_as_it_is(clean: Callable[[str], str], routing: Routing, domain: str) -> str:
    """Asks the name server for domains outside ASCII in UTF-8."""
    del clean, routing
    return domain


@defect(Routing.name_in_question, name=RAW)
def question_has_utf_8(clean: Callable[[str], DNSLabel], routing: Routing, name: str) -> DNSLabel:
    """Asks the name server for domains outside ASCII in UTF-8."""
    del routing
    return clean(name) if name.isascii() else DNSLabel([label.encode() for label in name.split(".")])


@defect(
    Routing.name_to_look_up,
    proves={
        "rfc6531/3.2/mail_goes_where_the_a_labels_lead[sharp-s]",
        "rfc6531/3.2/mail_goes_where_the_a_labels_lead[final-sigma]",
    },
)
def domains_are_mapped_as_in_2003(clean: Callable[[str], str], routing: Routing, domain: str) -> str:
    """Looks domains up by the IDNA of 2003, which has other letters for some."""
    del routing
    return domain.encode("idna").decode("ascii") if not domain.isascii() else clean(domain)


# What is told of addresses.


@defect(
    ServerSession.may_tell_new_address,
    proves={"rfc6531/3.7.4.1/new_address_is_not_told_unasked*", "rfc6531/3.7.4.1/reply_becomes_250_or_550*"},
)
def new_address_is_told_in_utf_8_unasked(
    clean: Callable[[bytes], bool], session: ServerSession, new_address: bytes
) -> bool:
    """Tells a new address outside ASCII to clients that did not give SMTPUTF8."""
    del clean, session, new_address
    return True


@defect(
    ServerSession.forward,
    proves={"rfc6531/3.7.4.1/reply_becomes_250_or_550*"},
    also={"rfc5321/4.2.2/forward-path-in-251-and-551"},
)
def new_address_is_left_out_of_the_251(
    clean: Callable[[bytes, bytes], Answer | None], session: ServerSession, forward_path: bytes, new_address: bytes
) -> Answer | None:
    """Leaves an address outside ASCII out of the 251 where it may not be told."""
    given = clean(forward_path, new_address)
    untold = given is not None and given.code == 250 and not session.may_tell_new_address(new_address)
    return answer(251, b"User not local; will forward") if untold else given


@defect(
    ServerSession.readable,
    proves={
        "rfc6531/3.7.4.2/mailbox_outside_ascii_is_not_told_unasked",
        "rfc6531/3.7.4.2/reply_about_a_mailbox_outside_ascii_is_ascii_unasked",
        "rfc6531/3.7.4.2/parameter_holds_for_its_command_only",
    },
    also={"rfc5321/*"},
)
def mailbox_is_told_in_utf_8_unasked(clean: Tell, session: ServerSession, given: Answer, reads_utf8: bool) -> Answer:
    """Tells a mailbox outside ASCII to clients that did not ask with SMTPUTF8."""
    del clean, session, reads_utf8
    return given


@defect(ServerSession.readable, proves={"rfc6531/3.7.4.2/reply_that_may_not_hold_utf_8_says_so"})
def no_word_of_what_may_not_be_told(clean: Tell, session: ServerSession, given: Answer, reads_utf8: bool) -> Answer:
    """Says 252 without X.6.8 of a mailbox that it may not tell."""
    del session
    told = clean(given, reads_utf8)
    return replace(told, status=b"2.0.0") if told.status == b"2.6.8" else told


@defect(
    ServerSession.readable,
    proves={"rfc6531/1.1/watch_addresses_in_replies_are_utf_8"},
    also={"rfc6531/3.7.4.2/mailbox-in-success"},
)
def mailboxes_are_told_in_latin_1(clean: Tell, session: ServerSession, given: Answer, reads_utf8: bool) -> Answer:
    """Answers VRFY with SMTPUTF8 in Latin-1."""
    del session
    told = clean(given, reads_utf8)
    return replace(told, texts=tuple(text.decode().encode("latin-1", "replace") for text in told.texts))


SUCCESS = {"rfc6531/3.7.4.2/success_tells_the_mailbox*"}


def _asked_in_utf_8(session: ServerSession, argument: bytes) -> bool:
    return session.without_utf8_parameter(argument) != argument


@defect(ServerSession.vrfy, name="success-under-smtputf8-says-ok", proves=SUCCESS)
def vrfy_under_smtputf8_says_ok(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY and EXPN with SMTPUTF8 with a bare OK."""
    given = clean(argument)
    ok = given is not None and given.code == 250 and _asked_in_utf_8(session, argument)
    return answer(250, b"OK") if ok else given


@defect(ServerSession.expn, name="success-under-smtputf8-says-ok")
def expn_under_smtputf8_says_ok(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY and EXPN with SMTPUTF8 with a bare OK."""
    given = clean(argument)
    ok = given is not None and given.code == 250 and _asked_in_utf_8(session, argument)
    return answer(250, b"OK") if ok else given


@defect(
    ServerSession.vrfy,
    name="success-under-smtputf8-is-a-sentence",
    proves={
        "rfc6531/3.7.4.2/success_has_one_of_two_forms*",
        "rfc6531/3.7.4.2/success_outside_ascii_has_one_of_two_forms",
    },
)
def vrfy_under_smtputf8_is_a_sentence(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY and EXPN with SMTPUTF8 with a sentence about the mailbox."""
    given = clean(argument)
    return _in_a_sentence(given) if _asked_in_utf_8(session, argument) else given


@defect(ServerSession.expn, name="success-under-smtputf8-is-a-sentence")
def expn_under_smtputf8_is_a_sentence(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY and EXPN with SMTPUTF8 with a sentence about the mailbox."""
    given = clean(argument)
    return _in_a_sentence(given) if _asked_in_utf_8(session, argument) else given


def _in_a_sentence(given: Answer | None) -> Answer | None:
    if given is None or given.code != 250:
        return given
    return replace(given, texts=tuple(b"There is " + text + b" here" for text in given.texts))


@defect(ServerSession.vrfy, varies={"rfc6531/3.7.4.2/success_may_tell_the_full_name"})
def no_full_names_under_smtputf8(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY with SMTPUTF8 with the mailbox alone."""
    given = clean(argument)
    if given is None or given.code != 250 or not _asked_in_utf_8(session, argument):
        return given
    return replace(given, texts=tuple(b"<" + text.rpartition(b"<")[2] for text in given.texts))


# What is refused for other reasons.

OTHERS = "all-is-about-utf-8-under-smtputf8"


def _about_utf_8(session: ServerSession, given: Answer | None) -> Answer | None:
    under = session.transaction is not None and session.transaction.utf8
    return (
        replace(given, code=553, status=b"5.6.7") if under and given is not None and given.code // 100 == 5 else given
    )


@defect(
    ServerSession.refuse_recipient,
    name=OTHERS,
    proves={
        "rfc6531/3.5/refusal_for_another_reason_is_the_same*",
    },
    also={"rfc5321/*"},
)
def unknown_recipient_is_about_utf_8(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 553 with 5.6.7 to all that it refuses in a transaction with SMTPUTF8."""
    return _about_utf_8(session, clean(forward_path))


@defect(ServerSession.refuse_relaying, name=OTHERS)
def relaying_is_about_utf_8(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 553 with 5.6.7 to all that it refuses in a transaction with SMTPUTF8."""
    return _about_utf_8(session, clean(forward_path))


@defect(ServerSession.data_without_recipients, name=OTHERS)
def missing_recipient_is_about_utf_8(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Answers 553 with 5.6.7 to all that it refuses in a transaction with SMTPUTF8."""
    return _about_utf_8(session, clean())


@defect(ServerSession.nested_mail, name=OTHERS)
def second_mail_is_about_utf_8(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 553 with 5.6.7 to all that it refuses in a transaction with SMTPUTF8."""
    return _about_utf_8(session, clean(argument))


# What is written into the trace.


@defect(
    Trace.name_in_trace,
    proves={
        "rfc6531/3.7.3/time_stamp_has_u_labels",
        "rfc6531/3.7/our_name_goes_on_in_the_form_of_the_message[with]",
    },
)
def trace_has_a_labels_always(clean: Name, trace: Trace, accepted: Accepted, domain: bytes) -> bytes:
    """Writes domains into the time stamp as they came in EHLO, with SMTPUTF8 too."""
    del clean, trace, accepted
    return domain


@defect(
    Trace.name_in_trace,
    proves={"rfc6531/3.7/our_name_goes_on_in_the_form_of_the_message[without]"},
    also={"rfc6531/3.7.3/ascii-trace-without-parameter", "rfc5321/*"},
)
def trace_has_u_labels_always(clean: Name, trace: Trace, accepted: Accepted, domain: bytes) -> bytes:
    """Writes domains into the time stamp in U-labels, without SMTPUTF8 too."""
    del clean, trace, accepted
    return in_u_labels(domain)


@defect(Trace.return_path, varies={"rfc6531/3.7.3/return_path_may_have_u_labels"})
def return_path_has_a_labels(clean: Callable[[bytes], bytes], trace: Trace, reverse_path: bytes) -> bytes:
    """Writes the domain of the Return-path in A-labels."""
    del trace
    local, at, domain = reverse_path.rpartition(b"@")
    return clean(local + at + in_a_labels(domain.decode("utf-8", "replace")).encode())
