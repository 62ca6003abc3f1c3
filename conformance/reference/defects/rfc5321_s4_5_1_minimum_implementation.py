"""Defects in the minimum implementation (RFC 5321 §4.5.1)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import Override, defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST
from conformance.wire.paths import Mailbox

OfOctets = Callable[[bytes], Answer | None]

UNKNOWN: dict[str, set[str]] = {
    "ehlo": set(),
    "mail": set(),
    "rcpt": set(),
    "data": set(),
    "rset": set(),
    "noop": set(),
    "quit": set(),
    "vrfy": set(),
}


def _unknown(verb: bytes) -> Override[[bytes], Answer | None, ServerSession]:
    def is_unknown(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
        return answer(500, b"Command not recognized") if session.verb_of(line) == verb else clean(line)

    return is_unknown


def _declare_unknown() -> None:
    for row, also in UNKNOWN.items():
        override = _unknown(row.upper().encode())
        override.__name__ = f"{row}_is_unknown"
        override.__doc__ = f"Answers {row.upper()} with 500."
        defect(ServerSession.command, proves={f"rfc5321/4.5.1/required_command_is_known[{row}]*"}, also=also)(override)


_declare_unknown()


@defect(ServerSession.serves, proves={"rfc5321/4.5.1/postmaster_at_each_domain_is_taken*"})
def postmaster_is_missing_at_one_domain(
    clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox
) -> bool:
    """Has no postmaster at one of its domains."""
    del session
    return clean(mailbox) and not (mailbox.local.lower() == b"postmaster" and mailbox.domain.lower() == HOST)


@defect(
    ServerSession.serves,
    proves={
        "rfc5321/4.5.1/postmaster_at_each_domain_is_taken[capital]",
        "rfc5321/4.5.1/postmaster_at_each_domain_is_taken[upper]",
    },
)
def postmaster_has_case(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Knows postmaster in lower case only."""
    del session
    return clean(mailbox) and (mailbox.local.lower() != b"postmaster" or mailbox.local == b"postmaster")
