"""Defects in checking who owns a mailbox, and in passing that on (RFC 7293)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from conformance.reference._answer import Answer, answer
from conformance.reference._conversion import Conversion, Outward
from conformance.reference._decision import defect
from conformance.reference._owners import NAME, Ownership, Required, required, written
from conformance.reference._parameters import Parameters
from conformance.reference._relay import RelaySession

OfOwner = Callable[[bytes, datetime], bool]
Checked = Callable[[bytes, list[bytes], Collection[bytes]], tuple[Required, ...]]
OfMessage = Callable[[bytes, list[bytes], Collection[bytes]], Answer | None]
Refusal = Callable[[bytes], Answer | None]
OfContent = Callable[[bytes], bytes]
OnItsWay = Callable[[Outward], Outward]
Along = Callable[[bytes, bytes], bytes]

HERE, THERE = "rfc7293/5.2/", "rfc7293/6.1/"


@defect(
    Ownership.has_changed_hands,
    profile="on-request",
    proves={
        HERE + "mailbox_that_is_anothers_now_is_refused",
        HERE + "message_for_who_owned_the_mailbox_is_not_delivered",
    },
)
def nobody_checks_the_owner(clean: OfOwner, _: Ownership, local: bytes, since: datetime) -> bool:
    """Takes mail for a mailbox whoever owned it when."""
    del clean, local, since
    return False


@defect(
    Ownership.has_changed_hands,
    profile="on-request",
    proves={
        HERE + "mailbox_of_one_owner_is_taken[long-ago]",
        HERE + "field_does_not_count_for_one_owner",
    },
    also={"rfc7293/5.1/role-accounts-exempt", "rfc7293/5.2/field-checked"},
)
def mailboxes_are_others_before_they_were_created(clean: OfOwner, _: Ownership, local: bytes, since: datetime) -> bool:
    """Refuses mail for a mailbox with a time before it was created, though nobody else had it."""
    return since.year < 2000 or clean(local, since)


@defect(
    Ownership.has_changed_hands,
    profile="on-request",
    proves={HERE + "mailbox_of_one_owner_is_taken*"},
    also={"rfc7293/5*", "rfc7293/13.2/*"},
)
def every_mailbox_changed_hands_an_hour_ago(clean: OfOwner, _: Ownership, local: bytes, since: datetime) -> bool:
    """Takes every mailbox for one that became another's an hour ago."""
    del clean, local
    return since < datetime.now(UTC) - timedelta(hours=1)


@defect(
    Ownership.has_changed_hands,
    profile="on-request",
    proves={HERE + "field_with_a_role_is_passed_over", "rfc7293/5.1/postmaster_is_exempt*"},
)
def postmaster_has_changed_hands(clean: OfOwner, _: Ownership, local: bytes, since: datetime) -> bool:
    """Takes postmaster for a mailbox that is another's now."""
    return local.lower() == b"postmaster" or clean(local, since)


@defect(
    Ownership.refuse_owner,
    profile="on-request",
    proves={HERE + "mailbox_that_is_anothers_now_is_refused", HERE + "refusal_for_a_new_owner_says_so"},
)
def new_owner_is_no_such_mailbox(clean: Refusal, _: Ownership, verb: bytes) -> Answer | None:
    """Says of a mailbox that is another's now that its name is not allowed."""
    return clean(verb) if verb == b"DATA" else answer(553, b"No such mailbox here", status=b"5.1.1")


@defect(Ownership.refuse_owner, profile="on-request", proves={HERE + "refusal_for_a_new_owner_says_so"})
def refusal_for_a_new_owner_has_no_reason(clean: Refusal, _: Ownership, verb: bytes) -> Answer | None:
    """Refuses a mailbox that is another's now with 5.7.1."""
    given = clean(verb)
    return replace(given, status=b"5.7.1") if given else None


# The header field.


@defect(
    Ownership.to_be_checked,
    profile="on-request",
    proves={HERE + "message_for_who_owned_the_mailbox_is_not_delivered"},
)
def field_is_not_checked(
    clean: Checked, _: Ownership, content: bytes, forward_paths: list[bytes], asked: Collection[bytes]
) -> tuple[Required, ...]:
    """Checks RRVS and never the header field."""
    del clean, content, forward_paths, asked
    return ()


@defect(
    Ownership.to_be_checked,
    profile="on-request",
    proves={HERE + "field_that_does_not_count_is_passed_over[another-mailbox]"},
    also={"rfc7293/5/parameter-wins"},
)
def every_field_is_checked(
    clean: Checked, _: Ownership, content: bytes, forward_paths: list[bytes], asked: Collection[bytes]
) -> tuple[Required, ...]:
    """Checks every field that can be read, whomever it names."""
    del clean, forward_paths, asked
    return tuple(each for each in required(content) if each.mailbox and each.since)


@defect(
    Ownership.to_be_checked,
    profile="on-request",
    proves={HERE + "field_does_not_count_beside_the_parameter"},
)
def field_is_checked_beside_the_parameter(
    clean: Checked, _: Ownership, content: bytes, forward_paths: list[bytes], asked: Collection[bytes]
) -> tuple[Required, ...]:
    """Checks the field of a recipient who came with RRVS too."""
    del asked
    return clean(content, forward_paths, ())


@defect(
    Ownership.refuse_message,
    profile="on-request",
    proves={
        HERE + "field_that_does_not_count_is_passed_over[no-date]",
        HERE + "field_that_does_not_count_is_passed_over[no-mailbox]",
    },
)
def field_that_can_not_be_read_is_refused(
    clean: OfMessage, _: Ownership, content: bytes, forward_paths: list[bytes], asked: Collection[bytes]
) -> Answer | None:
    """Refuses a message with a field that can't be read."""
    if all(each.mailbox and each.since for each in required(content)):
        return clean(content, forward_paths, asked)
    return answer(550, b"Bad header field", status=b"5.6.0")


@defect(Ownership.without_required, profile="on-request", proves={HERE + "field_is_gone_from_the_mailbox*"})
def field_stays_in_the_message(clean: OfContent, _: Ownership, content: bytes) -> bytes:
    """Delivers a message with the field in its header."""
    del clean
    return content


@defect(Ownership.without_required, profile="on-request", proves={HERE + "field_is_gone_from_the_mailbox[both]"})
def second_field_stays_in_the_message(clean: OfContent, _: Ownership, content: bytes) -> bytes:
    """Takes the first such field out and leaves the others."""
    left = b"".join(each.octets for each in required(content)[1:])
    return left + clean(content)


# On the way.


@defect(
    Conversion.field_as_parameter,
    profile="on-request",
    proves={
        THERE + "field_goes_on_as_parameter*",
        THERE + "field_does_not_go_on_beside_the_parameter",
        THERE + "each_recipient_gets_the_time_of_its_own_field",
    },
)
def field_stays_a_field(clean: OnItsWay, _: Conversion, message: Outward) -> Outward:
    """Passes the header field on as it came, whatever the next hop offers."""
    del clean
    return message


@defect(
    Conversion.field_as_parameter,
    profile="on-request",
    proves={THERE + "field_does_not_go_on_beside_the_parameter"},
)
def field_goes_on_both_ways(clean: OnItsWay, _: Conversion, message: Outward) -> Outward:
    """Makes RRVS of the header field and leaves the field where it is."""
    return replace(clean(message), content=message.content)


@defect(
    Conversion.field_as_parameter,
    profile="on-request",
    proves={THERE + "field_goes_on_as_parameter[offset]"},
    also={"rfc7293/6.1/header-to-parameter"},
)
def zone_of_the_field_is_lost(clean: OnItsWay, _: Conversion, message: Outward) -> Outward:
    """Makes RRVS of the header field and takes the time for one in UTC, whatever its zone."""
    converted = clean(message)
    of_rcpt = tuple((path, name, value[:19] + b"Z") for path, name, value in converted.parameters.of_rcpt)
    return replace(converted, parameters=replace(converted.parameters, of_rcpt=of_rcpt))


@defect(
    Conversion.field_as_parameter,
    profile="on-request",
    proves={THERE + "each_recipient_gets_the_time_of_its_own_field"},
)
def first_field_is_for_all_recipients(clean: OnItsWay, _: Conversion, message: Outward) -> Outward:
    """Gives every recipient the time of the first field."""
    converted = clean(message)
    given = converted.parameters.of_rcpt
    of_rcpt = tuple((path, name, given[0][2]) for path, name, _ in given)
    return replace(converted, parameters=replace(converted.parameters, of_rcpt=of_rcpt))


@defect(Conversion.field_as_parameter, profile="on-request", varies={THERE + "action_may_be_said_for_a_field"})
def field_goes_on_with_an_action(clean: OnItsWay, _: Conversion, message: Outward) -> Outward:
    """Says C with the RRVS that it makes of a header field."""
    converted = clean(message)
    of_rcpt = tuple((path, name, value + b";C") for path, name, value in converted.parameters.of_rcpt)
    return replace(converted, parameters=Parameters(converted.parameters.of_mail, of_rcpt))


@defect(
    Conversion.parameter_as_field,
    profile="on-request",
    proves={THERE + "parameter_goes_on_as_field*"},
)
def parameter_is_lost_without_a_field(clean: OnItsWay, _: Conversion, message: Outward) -> Outward:
    """Never makes a header field of RRVS."""
    del clean
    return message


@defect(
    Conversion.parameter_as_field,
    profile="on-request",
    proves={THERE + "field_is_not_made_for_several_recipients"},
)
def field_is_made_for_several_recipients(clean: OnItsWay, _: Conversion, message: Outward) -> Outward:
    """Makes a header field for each of several recipients in one message."""
    content = message.content
    for each in message.forward_paths:
        content = clean(Outward((each,), content, message.parameters, message.lingered)).content
    return replace(message, content=content)


@defect(
    Conversion.counts_later,
    profile="on-request",
    proves={THERE + "field_is_not_made_where_nobody_knows_it*"},
)
def field_is_made_for_everybody(clean: Callable[[bytes], bool], _: Conversion, forward_path: bytes) -> bool:
    """Makes a header field of RRVS wherever a message goes."""
    del clean, forward_path
    return True


@defect(
    Ownership.along_alias,
    profile="on-request",
    proves={THERE + "later_time_goes_along_an_alias[confirmed]"},
)
def alias_keeps_the_time_that_came(clean: Along, _: Ownership, name: bytes, since: bytes) -> bytes:
    """Passes RRVS on to who is behind an alias with the time that came."""
    del clean, name
    return since


@defect(
    Ownership.along_alias,
    profile="on-request",
    proves={THERE + "later_time_goes_along_an_alias[asked-for]"},
)
def alias_has_a_time_of_its_own(clean: Along, _: Ownership, name: bytes, since: bytes) -> bytes:
    """Passes RRVS on to who is behind an alias with the time at which its owner was confirmed."""
    del since
    return clean(name, written(datetime.fromisoformat("1990-01-01T00:00:00+00:00")))


@defect(
    Ownership.along_alias,
    profile="on-request",
    proves={THERE + "later_time_goes_along_an_alias*"},
)
def alias_loses_the_time(clean: Along, _: Ownership, name: bytes, since: bytes) -> bytes:
    """Passes mail on to who is behind an alias without RRVS."""
    del clean, name, since
    return b""


@defect(RelaySession.outward_lines, profile="on-request", proves={THERE + "field_is_under_no_signature"})
def field_is_signed(clean: OfContent, _: RelaySession, content: bytes) -> bytes:
    """Signs the header field with the rest."""
    if not required(content):
        return clean(content)
    names = b"from:to:subject:" + NAME.lower()
    signature = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=m;\r\n h=%b;\r\n bh=AAAA; b=AAAA\r\n" % names
    return signature + clean(content)
