"""Defects of a relay that loses, adds or bends what RFC 3461 has it pass on."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._composing import Composer
from conformance.reference._decision import defect
from conformance.reference._parameters import Parameters, decoded
from conformance.reference._relay import RelaySession
from conformance.store import Field

HERE = "rfc3461/5.2.1"
ALIAS = "rfc3461/5.2.7.2/alias-propagates"
Requests = tuple[tuple[bytes, bytes], ...]
OfMail = Callable[[Parameters, int], Requests]
OfRcpt = Callable[[Parameters, bytes], Requests]
Takes = Callable[[bytes], bool]


def but(requests: Requests, keyword: bytes, *put: tuple[bytes, bytes]) -> Requests:
    """These parameters with others in the place of one."""
    return (*(each for each in requests if each[0] != keyword), *put)


@defect(
    RelaySession.takes,
    only={"ENVID"},
    proves={f"{HERE}/envelope_id_is_passed_on*"},
    also={ALIAS},
)
def envelope_id_is_lost_on_the_way(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Passes a message on without its ENVID."""
    del clean, keyword
    return False


@defect(
    RelaySession.mail_requests,
    proves={f"{HERE}/envelope_id_is_passed_on[capitals-and-small]"},
    also={HERE + "/*", "rfc3461/3/propagate-envelope-id", "rfc3461/4/*", ALIAS},
)
def envelope_id_is_made_small(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes ENVID on in small letters."""
    requests = clean(parameters, size)
    value = dict(requests).get(b"ENVID")
    return requests if value is None else but(requests, b"ENVID", (b"ENVID", value.lower()))


@defect(
    RelaySession.mail_requests,
    proves={f"{HERE}/envelope_id_is_passed_on[plus-sign]"},
    also={"rfc3461/4/must-encode-rest"},
)
def envelope_id_is_decoded_on_the_way(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Decodes ENVID, and encodes its plus sign as an x when it passes it on."""
    requests = clean(parameters, size)
    value = dict(requests).get(b"ENVID")
    return requests if value is None else but(requests, b"ENVID", (b"ENVID", decoded(value).replace(b"+", b"x")))


@defect(RelaySession.takes, only={"RET"}, proves={f"{HERE}/return_is_passed_on*"}, also={ALIAS})
def return_is_lost_on_the_way(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Passes a message on without its RET."""
    del clean, keyword
    return False


@defect(
    RelaySession.takes,
    only={"NOTIFY"},
    proves={f"{HERE}/notify_is_passed_on*", f"{HERE}/each_recipient_keeps*"},
    also={ALIAS},
)
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


@defect(
    RelaySession.takes,
    only={"ORCPT"},
    proves={f"{HERE}/original_recipient_is_passed_on*"},
    also={ALIAS},
)
def original_recipient_is_lost_on_the_way(clean: Takes, _: RelaySession, keyword: bytes) -> bool:
    """Passes a message on without its ORCPT."""
    del clean, keyword
    return False


@defect(
    RelaySession.rcpt_requests,
    proves={f"{HERE}/original_recipient_is_passed_on[capitals-and-small]"},
    also={f"{HERE}/orcpt-relayed", "rfc3461/4/must-encode-rest"},
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


@defect(
    RelaySession.rcpt_requests,
    proves={f"{HERE}/added_original_recipient_is_that_of_rcpt"},
    also={"rfc3461/4.2/same-as-rcpt-at-submission", "rfc3461/5.2.7.1/list-orcpt"},
)
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


# How they are written.

WRITTEN = "rfc3461/4"
LONG = 64
"""Octets of a value that are more than some keep room for."""


def rewritten(requests: Requests, change: Callable[[bytes, bytes], bytes]) -> Requests:
    """These parameters with other values."""
    return tuple((name, change(name, value)) for name, value in requests)


def shorter(name: bytes, value: bytes) -> bytes:
    """The first word of NOTIFY, and the beginning of a long value."""
    return value.partition(b",")[0] if name == b"NOTIFY" else value[:LONG]


@defect(
    RelaySession.rcpt_requests, name="long-requests-are-cut", varies={f"{WRITTEN}/much_may_go_on*"}, also={"rfc3461/*"}
)
def long_rcpt_is_cut(clean: OfRcpt, _: RelaySession, parameters: Parameters, forward_path: bytes) -> Requests:
    """Passes on as much of a request as it has room for."""
    return rewritten(clean(parameters, forward_path), shorter)


@defect(RelaySession.mail_requests, name="long-requests-are-cut")
def long_mail_is_cut(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes on as much of a request as it has room for."""
    return rewritten(clean(parameters, size), shorter)


def plainly(name: bytes, value: bytes) -> bytes:
    """ENVID with no more hexadecimal than it needs."""
    return ENCODED_PLAIN.sub(lambda found: decoded(found[0]), value) if name == b"ENVID" else value


def at_length(name: bytes, value: bytes) -> bytes:
    """ENVID in hexadecimal throughout."""
    return b"".join(b"+%02X" % octet for octet in decoded(value)) if name == b"ENVID" else value


ENCODED_PLAIN = re.compile(rb"\+(?:2E|[4-7][0-9A-F])")


@defect(
    RelaySession.mail_requests,
    varies={f"{WRITTEN}/plain_letters_may_be_encoded[encoded]", f"{WRITTEN}/plain_letters_may_be_encoded[encoded-dot]"},
)
def envelope_id_is_written_plainly(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes ENVID on with no more hexadecimal than it needs."""
    return rewritten(clean(parameters, size), plainly)


@defect(RelaySession.mail_requests, varies={f"{WRITTEN}/plain_letters_may_be_encoded[plain]"})
def envelope_id_is_encoded_throughout(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes ENVID on in hexadecimal throughout."""
    return rewritten(clean(parameters, size), at_length)


BARE = "requests-go-on-decoded"


def bare(name: bytes, value: bytes) -> bytes:
    """The value decoded, but for a space, which would end it."""
    return decoded(value).replace(b" ", b"+") if name in {b"ENVID", b"ORCPT"} else value


@defect(
    RelaySession.mail_requests,
    name=BARE,
    proves={f"{WRITTEN}/what_can_not_stand_there_is_encoded*"},
    also={"rfc5321/4.1.2/xtext-for-addresses", "rfc3461/*"},
)
def mail_goes_on_decoded(clean: OfMail, _: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Passes ENVID and ORCPT on as what they stand for."""
    return rewritten(clean(parameters, size), bare)


@defect(RelaySession.rcpt_requests, name=BARE)
def rcpt_goes_on_decoded(clean: OfRcpt, _: RelaySession, parameters: Parameters, forward_path: bytes) -> Requests:
    """Passes ENVID and ORCPT on as what they stand for."""
    return rewritten(clean(parameters, forward_path), bare)


TWICE = "requests-go-on-twice"


@defect(
    RelaySession.mail_requests,
    name=TWICE,
    proves={f"{WRITTEN}/each_parameter_goes_on_once*"},
    also={"rfc5321/4.1.2/xtext-for-addresses", "rfc3461/*"},
)
def mail_says_it_twice(clean: OfMail, session: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Gives the next hop its own requests beside those that came."""
    requests = clean(parameters, size)
    own = tuple(each for each in requests if each[0] in {b"ENVID", b"RET"})
    return (*requests, *own) if b"DSN" in session.offers else requests


@defect(RelaySession.rcpt_requests, name=TWICE)
def rcpt_says_it_twice(clean: OfRcpt, session: RelaySession, parameters: Parameters, forward_path: bytes) -> Requests:
    """Gives the next hop its own requests beside those that came."""
    requests = clean(parameters, forward_path)
    own = (b"NOTIFY", b"FAILURE"), (b"ORCPT", b"rfc822;" + forward_path)
    twice = () if requests else own
    return (*requests, *own, *twice) if b"DSN" in session.offers else requests


@defect(
    RelaySession.rcpt_requests,
    proves={f"{WRITTEN}/type_of_an_original_recipient_is_registered*"},
    also={"rfc5321/4.1.2/xtext-for-addresses", "rfc3461/*"},
)
def original_recipient_has_a_type_of_its_own(
    clean: OfRcpt, session: RelaySession, parameters: Parameters, forward_path: bytes
) -> Requests:
    """Calls the type of ORCPT smtp, and adds it where there is none."""
    requests = clean(parameters, forward_path)
    if b"DSN" not in session.offers:
        return requests
    address = dict(requests).get(b"ORCPT", b";" + forward_path).partition(b";")[2]
    return but(requests, b"ORCPT", (b"ORCPT", b"smtp;" + address))


BELLS = "requests-ring-a-bell"


@defect(
    RelaySession.mail_requests,
    name=BELLS,
    proves={f"{WRITTEN}/what_is_encoded_is_printable*"},
    also={"rfc5321/4.1.2/xtext-for-addresses", "rfc3461/*"},
)
def mail_rings(clean: OfMail, session: RelaySession, parameters: Parameters, size: int) -> Requests:
    """Puts a control character behind ENVID and ORCPT, and adds both where there are none."""
    requests = clean(parameters, size)
    value = dict(requests).get(b"ENVID", b"") + b"+07"
    return but(requests, b"ENVID", (b"ENVID", value)) if b"DSN" in session.offers else requests


@defect(RelaySession.rcpt_requests, name=BELLS)
def rcpt_rings(clean: OfRcpt, session: RelaySession, parameters: Parameters, forward_path: bytes) -> Requests:
    """Puts a control character behind ENVID and ORCPT, and adds both where there are none."""
    requests = clean(parameters, forward_path)
    value = dict(requests).get(b"ORCPT", b"rfc822;" + forward_path) + b"+07"
    return but(requests, b"ORCPT", (b"ORCPT", value)) if b"DSN" in session.offers else requests


# From local users.


@defect(Composer.without_requests, proves={"rfc3461/5.3/request_in_the_header_is_taken_out"})
def request_stays_in_the_header(
    clean: Callable[[list[Field]], list[Field]], composer: Composer, fields: list[Field]
) -> list[Field]:
    """Makes a parameter of a field that asks for a notification, and sends the field too."""
    del clean, composer
    return fields
