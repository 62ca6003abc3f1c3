"""Defects of mail on hold (RFC 4865)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._answer import Answer
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import RelaySession
from conformance.reference._report import Reported
from conformance.reference._session import ServerSession

OnHold = Callable[[Parameters], float]
Report = Callable[[Copy, bytes, list[Reported]], bytes]
Takes = Callable[[bytes], bool]

HERE = "rfc4865/4.2/"


@defect(
    Mailer.seconds_on_hold,
    profile="on-request",
    only={"some"},
    proves={HERE + "message_on_hold_does_not_go_out*", HERE + "message_on_hold_is_in_no_mailbox*"},
    also={"rfc4865/6/over-quota-rejected"},
)
def hold_is_taken_and_forgotten(clean: OnHold, _: Mailer, parameters: Parameters) -> float:
    """Takes mail with a hold and lets it go at once."""
    del clean, parameters
    return 0.0


@defect(
    Mailer.seconds_on_hold,
    profile="on-request",
    only={"some"},
    proves={HERE + "message_on_hold_does_not_go_out[for]", HERE + "message_on_hold_is_in_no_mailbox[for]"},
)
def hold_ends_too_soon(clean: OnHold, _: Mailer, parameters: Parameters) -> float:
    """Lets mail go when half of an interval has passed."""
    return clean(parameters) / (2 if parameters.of(b"HOLDFOR") else 1)


@defect(
    Mailer.seconds_on_hold,
    profile="on-request",
    only={"some"},
    proves={HERE + "message_on_hold_does_not_go_out[until]", HERE + "message_on_hold_is_in_no_mailbox[until]"},
)
def time_of_release_does_not_count(clean: OnHold, _: Mailer, parameters: Parameters) -> float:
    """Holds mail for an interval and never until a time."""
    return 0.0 if parameters.of(b"HOLDUNTIL") else clean(parameters)


@defect(Mailer.report, profile="on-request", proves={HERE + "report_about_a_held_message_says_when_it_came*"})
def report_about_held_mail_has_no_arrival(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Does not say in a report when a message with a hold came."""
    written = clean(copy, to, reported)
    return re.sub(rb"(?m)^Arrival-Date:[^\r\n]*\r\n", b"", written) if _on_hold(copy) else written


@defect(Mailer.report, profile="on-request", proves={HERE + "report_about_a_held_message_says_the_hold*"})
def report_about_held_mail_has_no_hold(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Does not say in a report what hold was asked for."""
    return re.sub(rb"(?m)^Future-Release-Request:[^\r\n]*\r\n", b"", clean(copy, to, reported))


@defect(Mailer.report, profile="on-request", proves={HERE + "report_about_a_held_message_says_the_hold[for]"})
def report_has_what_is_left_of_the_hold(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Says in a report how much was left of the hold, and not what was asked for."""
    return re.sub(rb"(?m)^(Future-Release-Request: for;)\d+", rb"\g<1>0", clean(copy, to, reported))


def _on_hold(copy: Copy) -> bool:
    return bool(copy.parameters.of(b"HOLDFOR") or copy.parameters.of(b"HOLDUNTIL"))


@defect(
    RelaySession.takes,
    profile="on-request",
    only={"HOLDFOR", "HOLDUNTIL"},
    proves={HERE + "hold_is_not_passed_on*"},
)
def hold_is_passed_on(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Asks every next hop for the hold that was asked of it."""
    del clean, keyword
    return True


REPORTS = "reports-are-put-on-hold"
OF_REPORTS = b"61"
"""A hold that no message of ours has."""


@defect(
    Mailer.report_mail_parameters,
    name=REPORTS,
    profile="on-request",
    proves={HERE + "report_is_not_put_on_hold"},
)
def report_asks_for_a_hold(
    clean: Callable[[Parameters], tuple[tuple[bytes, bytes], ...]], _: Mailer, about: Parameters
) -> tuple[tuple[bytes, bytes], ...]:
    """Asks the next hop to put a report about mail on hold on hold as well."""
    return (*clean(about), (b"HOLDFOR", OF_REPORTS)) if about.of(b"HOLDFOR") else clean(about)


@defect(RelaySession.takes, name=REPORTS, profile="on-request", only={"HOLDFOR"})
def hold_of_a_report_goes_out(clean: Takes, session: RelaySession, keyword: bytes) -> bool:
    """Asks the next hop to put a report about mail on hold on hold as well."""
    return session.parameters.of(b"HOLDFOR") == OF_REPORTS or clean(keyword)


# The quota.

OfHold = Callable[[], Answer | None]
QUOTA = "rfc4865/6/"


@defect(
    ServerSession.refuse_hold,
    profile="on-request",
    proves={QUOTA + "hold_beyond_the_quota_is_refused[refused]"},
)
def holds_have_no_end(clean: OfHold, _: ServerSession) -> Answer | None:
    """Says how many messages a user may have on hold, and takes more."""
    del clean
    return None


@defect(
    ServerSession.refuse_hold,
    profile="on-request",
    proves={QUOTA + "hold_beyond_the_quota_is_refused[552]"},
)
def hold_beyond_the_quota_gets_550(clean: OfHold, _: ServerSession) -> Answer | None:
    """Answers 550 to one more hold than a user may have."""
    given = clean()
    return replace(given, code=550) if given else None


@defect(
    ServerSession.refuse_hold,
    profile="on-request",
    proves={QUOTA + "hold_beyond_the_quota_has_its_status"},
)
def hold_beyond_the_quota_is_a_full_mailbox(clean: OfHold, _: ServerSession) -> Answer | None:
    """Says of one more hold than a user may have that a mailbox is full."""
    given = clean()
    return replace(given, status=b"5.2.2") if given else None
