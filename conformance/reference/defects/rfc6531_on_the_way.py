"""Defects of a relay of internationalized mail: what it gives to the next hop, and how it reads that (RFC 6531)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._internationalized import in_a_labels, in_u_labels
from conformance.reference._mailer import Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import Failed, RelaySession, Sent
from conformance.wire import Reply

Requests = tuple[tuple[bytes, bytes], ...]

_BEGINS = re.compile(rb"[\xc0-\xff]")


@defect(
    RelaySession.outward_forward_path,
    proves={"rfc6531/1.1/strings_go_on_in_utf_8*"},
    also={"rfc5321/*", "rfc6531/3.4/*"},
)
def relay_loses_the_first_octet_of_letters(
    clean: Callable[[bytes], bytes], session: RelaySession, forward_path: bytes
) -> bytes:
    """Sends of each letter outside ASCII in a recipient all octets but the first."""
    del session
    return _BEGINS.sub(b"", clean(forward_path))


@defect(
    RelaySession.mail_requests,
    varies={"rfc6531/3.1/parameter_may_be_given_for_what_came_with_it"},
    also={"rfc6531/3.4/client-supplies-parameter"},
)
def relay_drops_smtputf8(
    clean: Callable[[Parameters, int], Requests], session: RelaySession, parameters: Parameters, size: int
) -> Requests:
    """Sends on without SMTPUTF8 what came with it."""
    del session
    return tuple(request for request in clean(parameters, size) if request[0] != b"SMTPUTF8")


@defect(RelaySession.next_hop_takes_utf8, proves={"rfc6531/3.1/words_behind_the_keyword_change_nothing*"})
def relay_knows_the_bare_keyword_only(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Takes SMTPUTF8 with words behind it for another extension."""
    return clean() and not session.offers[b"SMTPUTF8"]


@defect(
    RelaySession.next_hop_takes_utf8,
    varies={"rfc6531/3.2/what_is_internationalized_may_go_on*"},
    also={"rfc6531/3.1/client-ignores-parameters", "rfc6531/3.7.4.1/utf-8-in-251-and-551"},
)
def relay_sends_nothing_internationalized(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Gives all internationalized mail for other hosts back."""
    del clean, session
    return False


@defect(
    RelaySession.outward_reverse_path,
    varies={"rfc6531/3.2/domain_may_go_on_in_either_form[u-label]"},
)
def relay_sends_senders_in_a_labels(
    clean: Callable[[bytes], bytes], session: RelaySession, reverse_path: bytes
) -> bytes:
    """Sends the domain of a sender in A-labels."""
    del session
    local, at, domain = clean(reverse_path).rpartition(b"@")
    return local + at + in_a_labels(domain.decode("utf-8", "replace")).encode()


@defect(
    RelaySession.outward_reverse_path,
    varies={"rfc6531/3.2/domain_may_go_on_in_either_form[a-label]"},
)
def relay_sends_senders_in_u_labels(
    clean: Callable[[bytes], bytes], session: RelaySession, reverse_path: bytes
) -> bytes:
    """Sends the domain of a sender in U-labels where the next hop has SMTPUTF8 and the message came with it."""
    local, at, domain = clean(reverse_path).rpartition(b"@")
    may = session.parameters.of(b"SMTPUTF8") is not None and b"SMTPUTF8" in session.offers
    return local + at + in_u_labels(domain) if may else clean(reverse_path)


ELSEWHERE = "relay-looks-for-another-host-with-smtputf8"


@defect(
    RelaySession.without_a_way,
    name=ELSEWHERE,
    varies={"rfc6531/3.2/it_may_wait_or_go_to_who_has_the_extension"},
)
def relay_looks_for_another_host_with_smtputf8(
    clean: Callable[[tuple[bytes, ...], bytes], Sent],
    session: RelaySession,
    forward_paths: tuple[bytes, ...],
    reason: bytes,
) -> Sent:
    """Tries the other exchangers where one has not the extension that a message needs."""
    del session
    if not reason.startswith(b"554 5.6.7"):
        return clean(forward_paths, reason)
    return Sent(deferred=tuple(Failed(each, reason) for each in forward_paths))


@defect(Mailer.judged, name=ELSEWHERE)
def relay_gives_up_where_nobody_has_it(clean: Callable[[Sent], Sent], mailer: Mailer, sent: Sent) -> Sent:
    """Tries the other exchangers where one has not the extension that a message needs."""
    del mailer
    seen = clean(sent)
    lacking = tuple(each for each in seen.deferred if each.reason.startswith(b"554 5.6.7"))
    waiting = tuple(each for each in seen.deferred if each not in lacking)
    return replace(seen, failed=(*seen.failed, *lacking), deferred=waiting)


@defect(RelaySession.outward_parameters, varies={"rfc6531/3.6/body_may_be_told_with_it*"})
def relay_says_less_of_bodies_with_smtputf8(
    clean: Callable[[bool], bytes], session: RelaySession, eight_bit: bool
) -> bytes:
    """Says 8BITMIME of binary messages, and nothing of others, where they came with SMTPUTF8."""
    given = clean(eight_bit)
    if session.parameters.of(b"SMTPUTF8") is None:
        return given
    return b" BODY=8BITMIME" if b"BINARYMIME" in given else b""


@defect(
    RelaySession.own_name,
    proves={"rfc6531/3.7.1/relay_says_its_name_in_ascii"},
    also={"rfc5321/*", "rfc6531/1.1/strings-are-utf-8"},
)
def relay_introduces_itself_in_u_labels(clean: Callable[[], bytes], session: RelaySession) -> bytes:
    """Says its name in U-labels in EHLO."""
    del session
    return "bücher.".encode() + clean()


@defect(
    RelaySession.is_success,
    proves={"rfc6531/3.7.4.1/relay_takes_a_new_address_in_utf_8[251]"},
)
def relay_takes_replies_in_utf_8_for_refusals(
    clean: Callable[[Reply], bool], session: RelaySession, reply: Reply
) -> bool:
    """Takes every reply outside ASCII for a refusal."""
    del session
    return clean(reply) and reply.octets.isascii()


@defect(
    Mailer.judged,
    proves={"rfc6531/3.7.4.1/relay_takes_a_new_address_in_utf_8[551]"},
    also={"rfc3461/5.2.2/relayed-on-success"},
)
def relay_tries_again_after_replies_in_utf_8(clean: Callable[[Sent], Sent], mailer: Mailer, sent: Sent) -> Sent:
    """Takes every refusal outside ASCII for one that it could not read, and tries again."""
    del mailer
    seen = clean(sent)
    unread = tuple(each for each in seen.failed if not each.reason.isascii())
    return Sent(tuple(each for each in seen.failed if each not in unread), (*seen.deferred, *unread))


MADE_ASCII = "submission-server-makes-mail-ascii"


@defect(
    RelaySession.next_hop_takes_utf8,
    name=MADE_ASCII,
    profile="submission",
    varies={"rfc6531/3.2/submission_server_may_make_it_ascii"},
)
def every_next_hop_will_do(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Sends what is internationalized to next hops without SMTPUTF8, with a question mark for what is not ASCII."""
    del clean, session
    return True


@defect(RelaySession.outward_lines, name=MADE_ASCII, profile="submission")
def content_is_made_ascii(clean: Callable[[bytes], bytes], session: RelaySession, content: bytes) -> bytes:
    """Sends what is internationalized to next hops without SMTPUTF8, with a question mark for what is not ASCII."""
    lines = clean(content)
    if b"SMTPUTF8" in session.offers:
        return lines
    return bytes(octet if octet < 0x80 else 0x3F for octet in lines)
