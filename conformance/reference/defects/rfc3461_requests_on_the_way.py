"""Defects of a relay that loses, adds or bends what RFC 3461 has it pass on."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._parameters import Parameters, decoded
from conformance.reference._relay import RelaySession

HERE = "rfc3461/5.2.1"
Requests = tuple[tuple[bytes, bytes], ...]
OfMail = Callable[[Parameters, int], Requests]
OfRcpt = Callable[[Parameters, bytes], Requests]
Takes = Callable[[bytes], bool]


def but(requests: Requests, keyword: bytes, *put: tuple[bytes, bytes]) -> Requests:
    """These parameters with others in the place of one."""
    return (*(each for each in requests if each[0] != keyword), *put)


@defect(RelaySession.takes, only={"ENVID"}, proves={f"{HERE}/envelope_id_is_passed_on*"})
def envelope_id_is_lost_on_the_way(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Passes a message on without its ENVID."""
    del clean, keyword
    return False


@defect(
    RelaySession.mail_requests,
    proves={f"{HERE}/envelope_id_is_passed_on[capitals-and-small]"},
    also={HERE + "/*", "rfc3461/3/propagate-envelope-id"},
)
def envelope_id_is_made_small(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes ENVID on in small letters."""
    requests = clean(parameters, size)
    value = dict(requests).get(b"ENVID")
    return requests if value is None else but(requests, b"ENVID", (b"ENVID", value.lower()))


@defect(RelaySession.mail_requests, proves={f"{HERE}/envelope_id_is_passed_on[plus-sign]"})
def envelope_id_is_decoded_on_the_way(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Decodes ENVID, and encodes its plus sign as an x when it passes it on."""
    requests = clean(parameters, size)
    value = dict(requests).get(b"ENVID")
    return requests if value is None else but(requests, b"ENVID", (b"ENVID", decoded(value).replace(b"+", b"x")))


@defect(RelaySession.takes, only={"RET"}, proves={f"{HERE}/return_is_passed_on*"})
def return_is_lost_on_the_way(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Passes a message on without its RET."""
    del clean, keyword
    return False


@defect(RelaySession.takes, only={"NOTIFY"}, proves={f"{HERE}/notify_is_passed_on*", f"{HERE}/each_recipient_keeps*"})
def notify_is_lost_on_the_way(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Passes a message on without its NOTIFY."""
    del clean, keyword
    return False


@defect(RelaySession.rcpt_requests, proves={f"{HERE}/each_recipient_keeps_its_own_requests"})
def first_notify_is_passed_on_for_all(
    clean: OfRcpt, _: RelaySession, parameters: Parameters, forward_path: bytes
) -> Requests:
    """Gives every recipient the NOTIFY of the first one."""
    first = next((value for _path, name, value in parameters.of_rcpt if name == b"NOTIFY"), b"")
    requests = clean(parameters, forward_path)
    return but(requests, b"NOTIFY", (b"NOTIFY", first)) if first and b"NOTIFY" in dict(requests) else requests


@defect(RelaySession.takes, only={"ORCPT"}, proves={f"{HERE}/original_recipient_is_passed_on*"})
def original_recipient_is_lost_on_the_way(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Passes a message on without its ORCPT."""
    del clean, keyword
    return False


@defect(
    RelaySession.rcpt_requests,
    proves={f"{HERE}/original_recipient_is_passed_on[capitals-and-small]"},
    also={f"{HERE}/orcpt-relayed"},
)
def original_recipient_is_made_small(
    clean: OfRcpt, _: RelaySession, parameters: Parameters, forward_path: bytes
) -> Requests:
    """Passes ORCPT on in small letters."""
    requests = clean(parameters, forward_path)
    value = dict(requests).get(b"ORCPT")
    return requests if value is None else but(requests, b"ORCPT", (b"ORCPT", value.lower()))


@defect(
    RelaySession.mail_requests,
    proves={f"{HERE}/request_is_not_added[envid]", f"{HERE}/request_is_not_added[ret]"},
    also={"rfc3461/6.1/no-ret"},
)
def envelope_id_and_ret_are_added(clean: OfMail, session: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Adds ENVID and RET to messages that came without."""
    requests = clean(parameters, size)
    if b"DSN" not in session.offers:
        return requests
    added = ((b"ENVID", b"added"), (b"RET", b"HDRS"))
    return (*requests, *(each for each in added if each[0] not in dict(requests)))


@defect(RelaySession.rcpt_requests, proves={f"{HERE}/request_is_not_added[notify]"})
def notify_is_added(clean: OfRcpt, session: RelaySession, parameters: Parameters, forward_path: bytes) -> Requests:
    """Adds NOTIFY to recipients that came without."""
    requests = clean(parameters, forward_path)
    if b"DSN" not in session.offers or b"NOTIFY" in dict(requests):
        return requests
    return (*requests, (b"NOTIFY", b"FAILURE"))


@defect(
    RelaySession.rcpt_requests,
    also={"rfc5321/4.1.2/xtext-for-addresses"},
    varies={f"{HERE}/original_recipient_may_be_added"},
)
def original_recipient_is_added(
    clean: OfRcpt, session: RelaySession, parameters: Parameters, forward_path: bytes
) -> Requests:
    """Adds ORCPT to recipients that came without."""
    requests = clean(parameters, forward_path)
    if b"DSN" not in session.offers or b"ORCPT" in dict(requests):
        return requests
    return (*requests, (b"ORCPT", b"rfc822;" + forward_path))


@defect(RelaySession.rcpt_requests, proves={f"{HERE}/added_original_recipient_is_that_of_rcpt"})
def another_original_recipient_is_added(
    clean: OfRcpt, session: RelaySession, parameters: Parameters, forward_path: bytes
) -> Requests:
    """Adds the postmaster as ORCPT to recipients that came without."""
    requests = clean(parameters, forward_path)
    if b"DSN" not in session.offers or b"ORCPT" in dict(requests):
        return requests
    return (*requests, (b"ORCPT", b"rfc822;postmaster@example.test"))


@defect(
    RelaySession.takes,
    only={"RET", "ENVID", "NOTIFY", "ORCPT"},
    proves={"rfc3461/5.2.2/no_request_without_the_extension*"},
    also={"rfc5321/2.2.1/*", "rfc5321/4.1.1.2/*", "rfc5321/4.1.1.11/*"},
)
def requests_go_where_they_are_not_known(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Gives every next hop the parameters of DSN."""
    del clean, keyword
    return True
