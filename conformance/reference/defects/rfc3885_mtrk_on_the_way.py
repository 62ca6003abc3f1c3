"""Defects of relays with MTRK (RFC 3885)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._conversion import Conversion
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import RelaySession
from conformance.reference._report import Reported

Tracking = Callable[[bytes, float], bytes]
Onward = Callable[[bytes, bytes], bytes]
Takes = Callable[[bytes], bool]
Untracked = Callable[[tuple[bytes, ...]], tuple[bytes, ...]]
Report = Callable[[Copy, bytes, list[Reported]], bytes]

THERE = "rfc3885/3.3/"


@defect(
    Conversion.tracking,
    profile="on-request",
    proves={THERE + "certifier_goes_on*", THERE + "alias_of_one_is_one_more_hop[mtrk]"},
)
def certifier_is_lost_on_the_way(clean: Tracking, _: Conversion, value: bytes, lingered: float) -> bytes:
    """Passes a message on without its MTRK."""
    del clean, value, lingered
    return b""


@defect(
    RelaySession.takes,
    profile="on-request",
    only={"MTRK"},
    proves={THERE + "certifier_is_left_out*"},
)
def certifier_goes_everywhere(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Gives every next hop MTRK."""
    del clean, keyword
    return True


@defect(
    Conversion.tracking,
    profile="on-request",
    proves={
        "rfc3885/3.1/time_in_the_queue_is_taken_off*",
        "rfc3885/3.1/certifier_goes_when_its_time_is_over*",
        "rfc3885/3.1/certifier_without_a_second_does_not_go_on",
    },
)
def time_to_track_stands_still(clean: Tracking, _: Conversion, value: bytes, lingered: float) -> bytes:
    """Passes the time on that came, however long the message has been here."""
    del clean, lingered
    return value


@defect(
    Conversion.tracking,
    profile="on-request",
    proves={"rfc3885/3.1/time_that_is_left_is_passed_on*"},
)
def time_to_track_is_left_out(clean: Tracking, _: Conversion, value: bytes, lingered: float) -> bytes:
    """Passes the certifier on and not its time."""
    return clean(value, lingered).partition(b":")[0]


@defect(
    Conversion.tracking,
    profile="on-request",
    proves={
        "rfc3885/3.1/certifier_goes_when_its_time_is_over*",
        "rfc3885/3.1/certifier_without_a_second_does_not_go_on",
    },
)
def time_to_track_is_counted_past_the_end(clean: Tracking, _: Conversion, value: bytes, lingered: float) -> bytes:
    """Passes MTRK on when no time is left, with what is less than nothing."""
    certifier, colon, seconds = value.partition(b":")
    return clean(value, lingered) or certifier + colon + b"%d" % (int(seconds) - int(lingered))


@defect(
    RelaySession.takes,
    profile="on-request",
    only={"ENVID"},
    proves={
        THERE + "envid_and_orcpt_go_on[envid]",
        THERE + "alias_of_one_is_one_more_hop[envid]",
        "rfc3885/3.2/certifier_has_an_envid_beside_it*",
    },
)
def envid_is_lost_beside_mtrk(clean: Takes, session: RelaySession, keyword: bytes) -> bool:
    """Passes a message with MTRK on without its ENVID."""
    return session.parameters.of(b"MTRK") is None and clean(keyword)


@defect(
    RelaySession.takes,
    profile="on-request",
    only={"ORCPT"},
    proves={THERE + "envid_and_orcpt_go_on[orcpt]", THERE + "alias_of_one_is_one_more_hop[orcpt]"},
)
def orcpt_is_lost_beside_mtrk(clean: Takes, session: RelaySession, keyword: bytes) -> bool:
    """Passes a message with MTRK on without its ORCPT."""
    return session.parameters.of(b"MTRK") is None and clean(keyword)


@defect(
    Mailer.forwarded_parameters,
    profile="on-request",
    proves={THERE + "alias_of_one_is_one_more_hop[orcpt]"},
)
def alias_of_one_forgets_the_original_recipient(
    clean: Callable[[Parameters, bytes, bytes], Parameters],
    _: Mailer,
    parameters: Parameters,
    alias: bytes,
    member: bytes,
) -> Parameters:
    """Passes mail for an alias on without what was said of the alias."""
    kept = clean(parameters, alias, member)
    return Parameters(kept.of_mail, tuple(each for each in kept.of_rcpt if each[1] != b"ORCPT"))


@defect(
    RelaySession.onward,
    profile="on-request",
    only={"MTRK"},
    proves={THERE + "values_stay_along_an_alias[mtrk]", THERE + "certifier_goes_on*"},
)
def certifier_is_written_in_capitals(clean: Onward, _: RelaySession, keyword: bytes, value: bytes) -> bytes:
    """Passes the certifier on in capitals."""
    return clean(keyword, value).upper()


@defect(
    RelaySession.onward,
    profile="on-request",
    only={"ENVID"},
    proves={THERE + "values_stay_along_an_alias[envid]", THERE + "envid_and_orcpt_go_on[envid]"},
)
def envid_gets_the_name_of_the_relay(clean: Onward, _: RelaySession, keyword: bytes, value: bytes) -> bytes:
    """Puts its own name behind the ENVID in the place of the other one."""
    return clean(keyword, value).partition(b"@")[0] + b"@mail.example.test"


@defect(
    Mailer.forwarded_parameters,
    profile="on-request",
    proves={THERE + "values_stay_along_an_alias[orcpt]"},
)
def alias_of_one_is_the_original_recipient(
    clean: Callable[[Parameters, bytes, bytes], Parameters],
    _: Mailer,
    parameters: Parameters,
    alias: bytes,
    member: bytes,
) -> Parameters:
    """Says that the member of an alias is the original recipient."""
    kept = clean(parameters, alias, member)
    said = [
        (path, name, b"rfc822;" + path if name == b"ORCPT" and path == member else value)
        for path, name, value in kept.of_rcpt
    ]
    return Parameters(kept.of_mail, tuple(said))


@defect(
    Mailer.untracked,
    profile="on-request",
    proves={THERE + "one_of_several_gets_the_certifier_at_most*"},
)
def all_members_get_the_certifier(clean: Untracked, _: Mailer, members: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Gives MTRK to everybody for whom an address stands."""
    del clean, members
    return ()


@defect(Mailer.untracked, profile="on-request", varies={THERE + "one_of_several_may_get_the_certifier"})
def first_member_gets_the_certifier(clean: Untracked, _: Mailer, members: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Gives MTRK to the first of those for whom an address stands."""
    return clean(members)[1:]


@defect(
    Mailer.list_parameters,
    profile="on-request",
    proves={THERE + "members_of_a_list_get_no_certifier"},
)
def list_passes_the_certifier_on(clean: Callable[[Copy], Parameters], _: Mailer, copy: Copy) -> Parameters:
    """Has a list send MTRK to its members."""
    asked = tuple(each for each in copy.parameters.of_mail if each[0] in {b"MTRK", b"ENVID"})
    return Parameters((*clean(copy).of_mail, *asked))


@defect(Mailer.report, profile="on-request", proves={"rfc3885/2/report_has_the_envelope_id*"})
def report_about_tracked_mail_has_no_envid(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Writes no envelope identifier into a report about a message with MTRK."""
    written = clean(copy, to, reported)
    tracked = copy.parameters.of(b"MTRK") is not None
    return re.sub(rb"(?m)^Original-Envelope-Id:[^\r\n]*\r\n", b"", written) if tracked else written


@defect(Mailer.report, profile="on-request", proves={"rfc3885/2/report_has_the_original_recipient"})
def report_about_tracked_mail_has_no_orcpt(
    clean: Report, _: Mailer, copy: Copy, to: bytes, reported: list[Reported]
) -> bytes:
    """Writes no original recipient into a report about a message with MTRK."""
    written = clean(copy, to, reported)
    tracked = copy.parameters.of(b"MTRK") is not None
    return re.sub(rb"(?m)^Original-Recipient:[^\r\n]*\r\n", b"", written) if tracked else written
