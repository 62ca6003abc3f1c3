"""Defects of a relay in its words: names, paths and verbs that no client should say (RFC 5321 §3.3, §4.1.1.1, F.4)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._relay import RelaySession

OfName = Callable[[], bytes]
OfPath = Callable[[str, bytes], bytes]
NAMES = "rfc5321/4.1.1.1/relay_names_itself_in_form"
ENVELOPE = "rfc5321/3.3/relay_writes_the_envelope"
NAMES_ALSO = {"rfc5321/2.3.5/*", "rfc5321/4.1.1.1/*", "rfc5321/4.1.2/domain-label-characters"}


@defect(
    RelaySession.own_name,
    proves={
        f"{NAMES}[nothing-behind]",
        f"{NAMES}[kind-of-literal]",
        "rfc5321/4.1.1.1/relay_that_has_a_name_says_it*",
    },
    also=NAMES_ALSO,
)
def relay_names_itself_by_a_literal_of_its_own(clean: OfName, _: RelaySession) -> bytes:
    """Says EHLO with a literal of a kind that nobody knows, and words behind it."""
    return b"[HOST:%b] at your service" % clean()


@defect(
    RelaySession.own_name, proves={f"{NAMES}[labels]"}, also={"rfc5321/2.3.5/*", "rfc5321/4.1.1.1/*", "rfc5321/4.1.4/*"}
)
def relay_has_an_underscore_in_its_name(clean: OfName, _: RelaySession) -> bytes:
    """Says EHLO with a name that has an underscore in it."""
    return clean().replace(b".", b"_1.", 1)


@defect(
    RelaySession.own_name,
    proves={f"{NAMES}[number]", f"{NAMES}[meaning]", f"{NAMES}[full-name]"},
    also={*NAMES_ALSO, "rfc5321/4.1.4/*"},
)
def relay_names_itself_by_a_number(clean: OfName, _: RelaySession) -> bytes:
    """Says EHLO with its address as a number behind a number sign, as RFC 821 had it."""
    del clean
    return b"#2130706433"


@defect(RelaySession.own_name, proves={"rfc5321/4.1.1.1/name_of_the_relay_leads_to_a_host"})
def relay_names_itself_by_no_host(clean: OfName, _: RelaySession) -> bytes:
    """Says EHLO with a name that has no address."""
    return b"outbound." + clean()


@defect(RelaySession.written_path, only={"more"}, proves={f"{ENVELOPE}[brackets]"}, also={"rfc5321/*"})
def relay_leaves_brackets_off(clean: OfPath, _: RelaySession, place: str, path: bytes) -> bytes:
    """Writes all recipients but the first without brackets."""
    return clean(place, path)[1:-1]


@defect(RelaySession.written_path, only={"more"}, proves={f"{ENVELOPE}[colon]"})
def relay_writes_a_space_before_paths(clean: OfPath, _: RelaySession, place: str, path: bytes) -> bytes:
    """Writes a space behind the colon of RCPT, for all recipients but the first."""
    return b" " + clean(place, path)


@defect(
    RelaySession.written_path,
    only={"more"},
    proves={f"{ENVELOPE}[forward-route]", f"{ENVELOPE}[routes]"},
    also={
        "rfc2920/3.1/check-all-statuses",
        "rfc2920/3.1/count-replies",
        "rfc2920/3.1/multiline-replies",
        "rfc2920/3.1/no-confusion",
        "rfc2920/3.1/no-matching-by-code",
        "rfc5321/*",
    },
)
def relay_routes_recipients(clean: OfPath, _: RelaySession, place: str, path: bytes) -> bytes:
    """Writes a source route before all recipients but the first."""
    return clean(place, b"@gateway.example.test:" + path)


@defect(
    RelaySession.written_path,
    only={"first"},
    proves={"rfc5321/3.3/notifier_writes_its_recipient*"},
    also={"rfc*"},
)
def relay_writes_notifications_to_bare_mailboxes(
    clean: OfPath, session: RelaySession, place: str, path: bytes
) -> bytes:
    """Writes the recipient of a notification without brackets, a space before it."""
    return clean(place, path) if session.reverse_path else b" " + path


@defect(
    RelaySession.outward_reverse_path, proves={f"{ENVELOPE}[reverse-route]", f"{ENVELOPE}[routes]"}, also={"rfc5321/*"}
)
def relay_adds_itself_to_the_reverse_path(
    clean: Callable[[bytes], bytes], session: RelaySession, reverse_path: bytes
) -> bytes:
    """Writes itself into the reverse-path of what goes to several, as RFC 821 had it."""
    return (b"@mail.example.test:" if session.recipients > 1 and reverse_path else b"") + clean(reverse_path)


@defect(RelaySession.outward_reverse_path, proves={f"{ENVELOPE}[null]"}, also={"rfc5321/*"})
def relay_sends_from_nobody(clean: Callable[[bytes], bytes], session: RelaySession, reverse_path: bytes) -> bytes:
    """Sends what goes to several with the null reverse-path, so that nobody is told of failures."""
    return b"" if session.recipients > 1 else clean(reverse_path)


@defect(
    RelaySession.before_hello,
    proves={"rfc5321/3.3/relay_greets_before_it_says_anything_else"},
    also={"rfc5321/4.1.4/ehlo-first", "rfc5321/4.1.1.1/start-with-ehlo"},
)
def relay_says_noop_before_ehlo(clean: Callable[[], tuple[bytes, ...]], _: RelaySession) -> tuple[bytes, ...]:
    """Says NOOP before EHLO."""
    return (*clean(), b"NOOP")


@defect(RelaySession.verb_as_said, varies={"rfc5321/3.3/verbs_may_be_in_capitals"})
def relay_says_verbs_in_small_letters(clean: Callable[[bytes], bytes], _: RelaySession, verb: bytes) -> bytes:
    """Writes its verbs in small letters."""
    return clean(verb).lower()
