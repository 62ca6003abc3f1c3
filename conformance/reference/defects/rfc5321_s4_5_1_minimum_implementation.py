"""Defects in the minimum implementation (RFC 5321 §4.5.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST
from conformance.wire.paths import Mailbox

OfOctets = Callable[[bytes], Answer | None]


class OnLine(Protocol):
    """An override of ``ServerSession.command``."""

    __name__: str

    def __call__(self, clean: OfOctets, session: ServerSession, /, line: bytes) -> Answer | None:
        """Decide about one command line."""


UNKNOWN: dict[str, set[str]] = {
    "ehlo": {"rfc5321/2.2.1/extension-mechanism", "rfc5321/4.1.1.1/ehlo-supported"},
    "mail": set(),
    "rcpt": {
        "rfc5321/3.3/rcpt-without-mail",
        "rfc5321/4.1.4/out-of-order-503",
        "rfc5321/2.3.5/postmaster-without-domain",
        "rfc5321/4.1.1.3/postmaster-has-no-case",
        "rfc5321/4.5.1/postmaster-without-domain",
        "rfc5321/4.5.1/postmaster-at-each-domain",
        "rfc5321/4.5.1/postmaster-from-anywhere",
        "rfc5321/4.5.3.1.1/local-part-64",
        "rfc5321/F.6/send-as-in-rfc-821",
        "rfc5321/4.5.1/postmaster-has-no-case",
    },
    "data": {"rfc5321/4.1.4/out-of-order-503"},
    "rset": {"rfc5321/4.1.1.5/rset-250"},
    "noop": {"rfc5321/4.1.1.9/noop-250", "rfc5321/4.1.1.9/noop-ignores-argument", "rfc5321/4.1.1.9/noop-syntax"},
    "quit": {
        "rfc5321/4.1.1.10/quit-221",
        "rfc5321/4.1.1.10/close-after-quit",
        "rfc5321/4.1.1.10/quit-at-any-time",
    },
    "vrfy": {"rfc5321/4.2.4/no-500-for-listed", "rfc5321/7.3/252-when-disabled"},
}
"""A required command that is unknown, and the clauses that fall with it, beside that it is required."""

REQUIRED = {
    "rfc5321/4.1.4/bad-mail-keeps-state",
    "rfc5321/4.2.1/5yz-not-done",
    "rfc5321/4.3.2/no-500-for-required",
    "rfc5321/4.5.3.1.7/size-extension",
} | {f"rfc{number}/*" for number in (1870, 2034, 2920, 3030, 3207, 3461, 3463, 4954, 6152, 6531, 8314)}
"""What falls with any of them: extensions have no use of a server that lacks the command that they extend."""


def _unknown() -> OnLine:
    def is_unknown(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
        return clean(line) if session.rejects else answer(500, b"Command not recognized")

    return is_unknown


def _declare_unknown() -> None:
    for row, also in UNKNOWN.items():
        override = _unknown()
        override.__name__ = f"{row}_is_unknown"
        override.__doc__ = f"Answers {row.upper()} with 500."
        proves = {f"rfc5321/4.5.1/required_command_is_known[{row}]*"}
        defect(ServerSession.command, proves=proves, also=also | REQUIRED, only={row.upper()})(override)


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
