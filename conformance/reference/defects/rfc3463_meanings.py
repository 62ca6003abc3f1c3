"""Defects of what enhanced status codes mean (RFC 3463 §2, §3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._authentication import Authentication
from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

OfOctets = Callable[[bytes], Answer | None]

BLAMED = "rfc3463/3.2/unknown_mailbox_is_not_blamed_on"
TOO_BIG = "rfc3463/3.4/"


def told(given: Answer | None, status: bytes, *codes: int) -> Answer | None:
    """The answer with this status code, where it has one of these reply codes."""
    return replace(given, status=status) if given is not None and given.code in codes else given


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc3463/2/watch_class_tells_success"},
    also={"rfc3463/3.2/x-1-1-bad-mailbox", "rfc2034/4/*"},
)
def refusals_are_called_a_success(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 2.1.5, the code of a good one."""
    return told(clean(forward_path), b"2.1.5", 550)


@defect(
    ServerSession.noop,
    proves={"rfc3463/2/watch_subject_of_addresses"},
    also={"rfc5248/2.2/no-conflicts"},
)
def noop_is_about_addresses(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Answers NOOP with 2.1.0, a code of addresses."""
    return told(clean(argument), b"2.1.0", 250)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[domain]"})
def unknown_mailbox_is_blamed_on_the_domain(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.2 at a domain that it serves."""
    return told(clean(forward_path), b"5.1.2", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[syntax]"})
def unknown_mailbox_is_blamed_on_its_form(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.3, as if it were no address."""
    return told(clean(forward_path), b"5.1.3", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[sender-syntax]"})
def unknown_mailbox_is_blamed_on_the_senders_form(
    clean: OfOctets, _: ServerSession, forward_path: bytes
) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.7, as if the sender were no address."""
    return told(clean(forward_path), b"5.1.7", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[sender-domain]"})
def unknown_mailbox_is_blamed_on_the_senders_domain(
    clean: OfOctets, _: ServerSession, forward_path: bytes
) -> Answer | None:
    """Refuses an unknown mailbox with 5.1.8, as if the sender's domain took no mail."""
    return told(clean(forward_path), b"5.1.8", 550)


@defect(ServerSession.refuse_recipient, proves={BLAMED + "[size]"}, also={"rfc3463/3.2/x-1-1-bad-mailbox"})
def unknown_mailbox_is_blamed_on_the_size(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.3.4, as if a message were too big."""
    return told(clean(forward_path), b"5.3.4", 550)


@defect(
    ServerSession.refuse_recipient,
    proves={BLAMED + "[protocol]", BLAMED + "[number]"},
    also={"rfc3463/3.2/x-1-1-bad-mailbox"},
)
def unknown_mailbox_is_blamed_on_the_number(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.5.3, as if there were too many recipients."""
    return told(clean(forward_path), b"5.5.3", 550)


@defect(ServerSession.refuse_recipient, proves={"rfc3463/3.3/unknown_mailbox_is_not_full"})
def unknown_mailbox_is_called_full(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses an unknown mailbox with 5.2.2."""
    return told(clean(forward_path), b"5.2.2", 550)


@defect(ServerSession.refuse_relaying, proves={"rfc3463/3.2/domain_that_is_not_served_is_the_fault*"})
def foreign_recipient_is_blamed_on_the_sender(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses a recipient at a domain that it does not serve with 5.1.8."""
    return told(clean(forward_path), b"5.1.8", 550)


@defect(ServerSession.rcpt, proves={"rfc3463/3.2/recipient_that_is_no_address_is_the_fault*"})
def malformed_recipient_is_blamed_on_the_sender(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a recipient that is no address with 5.1.7, the code for senders."""
    return told(clean(argument), b"5.1.7", 501)


@defect(
    ServerSession.open_transaction,
    proves={"rfc3463/3.2/sender_that_is_no_address_is_the_fault*"},
)
def malformed_sender_is_blamed_on_a_recipient(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a reverse-path that is no address with 5.1.3, the code for recipients."""
    return told(clean(argument), b"5.1.3", 501)


@defect(
    ServerSession.open_transaction,
    proves={"rfc3463/3.2/sender_at_no_domain_is_not_blamed_on_a_recipient"},
)
def sender_at_no_domain_is_blamed_on_a_recipient(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Refuses a sender whose domain can't be with 5.1.2, the code for recipients."""
    return answer(550, b"No such domain", status=b"5.1.2") if b".invalid>" in argument else clean(argument)


@defect(
    ServerSession.forward,
    proves={"rfc3463/3.2/mailbox_that_mail_is_forwarded_from_is_not_gone"},
)
def forwarded_mailbox_is_called_gone(
    clean: Callable[[bytes, bytes], Answer | None], _: ServerSession, forward_path: bytes, new_address: bytes
) -> Answer | None:
    """Forwards mail of a mailbox and says 2.1.6, that it is gone and left no address."""
    return told(clean(forward_path, new_address), b"2.1.6", 251)


@defect(
    ServerSession.take_recipient,
    proves={"rfc3463/3.2/mailbox_that_takes_mail_is_not_gone"},
    also={"rfc3463/3.2/x-1-5-valid"},
)
def good_recipient_is_called_gone(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes a recipient with 2.1.6, the code of a mailbox that is gone."""
    return told(clean(forward_path), b"2.1.6", 250)


@defect(ServerSession.take_recipient, proves={"rfc3463/3.3/mailbox_that_takes_mail_is_not_full"})
def good_recipient_is_called_full(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes a recipient with 2.2.2, the code of a full mailbox."""
    return told(clean(forward_path), b"2.2.2", 250)


@defect(ServerSession.refuse_mail_parameters, only={"some"}, proves={TOO_BIG + "declared_size_is_the_fault[full]"})
def declared_size_is_blamed_on_a_mailbox(
    clean: Callable[[dict[bytes, bytes]], Answer | None], _: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Refuses MAIL with a size above its limit with 5.2.2, that a mailbox is full."""
    return told(clean(parameters), b"5.2.2", 552)


@defect(
    ServerSession.refuse_mail_parameters, only={"some"}, proves={TOO_BIG + "declared_size_is_the_fault[other-subjects]"}
)
def declared_size_is_blamed_on_an_address(
    clean: Callable[[dict[bytes, bytes]], Answer | None], _: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Refuses MAIL with a size above its limit with 5.1.1, that a recipient is unknown."""
    return told(clean(parameters), b"5.1.1", 552)


@defect(ServerSession.end_of_data, proves={TOO_BIG + "size_of_the_message_is_the_fault"})
def size_of_a_message_is_blamed_on_its_kind(clean: OfOctets, _: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message above its limit with 5.6.1, that its kind is not supported."""
    return told(clean(content), b"5.6.1", 552)


@defect(ServerSession.take_recipient, proves={"rfc3463/3.6/one_recipient_too_many_is_not_a_bad_one"})
def one_recipient_too_many_is_called_unknown(clean: OfOctets, _: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses the recipient above its limit with 4.1.1, that the mailbox is unknown."""
    return told(clean(forward_path), b"4.1.1", 452)


@defect(ServerSession.noop, proves={"rfc5248/2.2/watch_meaning_is_the_registered_one"})
def noop_is_about_content(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Answers NOOP with 2.6.0, a code of content."""
    return told(clean(argument), b"2.6.0", 250)


@defect(
    Authentication.auth_failed,
    proves={"rfc5248/2.4/wrong_credentials_need_no_encryption_under_tls*"},
    also={"rfc4954/6/*"},
)
def wrong_credentials_need_encryption(clean: Callable[[], Answer | None], _: Authentication) -> Answer | None:
    """Refuses wrong credentials with 5.7.10, that the mechanism needs encryption."""
    return told(clean(), b"5.7.10", 535)


@defect(
    Authentication.auth_unknown_mechanism,
    proves={"rfc5248/2.4/unknown_mechanism_needs_no_encryption_under_tls"},
    also={"rfc4954/4/*"},
)
def unknown_mechanism_needs_encryption(clean: OfOctets, _: Authentication, name: bytes) -> Answer | None:
    """Refuses a mechanism that it does not know with 5.7.10, that it needs encryption."""
    return told(clean(name), b"5.7.10", 504)
