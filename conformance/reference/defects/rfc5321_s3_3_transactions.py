"""Defects in what one transaction leaves to the next, and in when and how it is refused (RFC 5321 §3.1, §3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary, WeakSet

from conformance.reference._decision import defect
from conformance.reference._session import Answer, Line, ServerSession, answer
from conformance.reference._site import HOST
from conformance.wire.paths import Path

OfOctets = Callable[[bytes], Answer | None]
_recipients_before: WeakKeyDictionary[ServerSession, list[bytes]] = WeakKeyDictionary()
_first_sender: WeakKeyDictionary[ServerSession, bytes] = WeakKeyDictionary()
_refused_one: WeakSet[ServerSession] = WeakSet()


@defect(ServerSession.greeting, proves={"rfc5321/3.1/rejection_says_more_than_a_name"})
def rejection_is_the_name_alone(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Rejects a session with its name and no other word."""
    del session
    given = clean()
    return answer(554, HOST) if given and given.code == 554 else given


INHERITED = {"rfc5321/3.3/mail_begins_without_recipients*"}


@defect(ServerSession.clear, name="mail-inherits-the-recipients", proves=INHERITED)
def recipients_are_kept_aside(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Gives a new transaction the recipients of the one before."""
    if session.transaction is not None and why in {"RSET", "end of data"}:
        _recipients_before[session] = session.transaction.forward_paths
    clean(why)


@defect(
    ServerSession.open_transaction,
    name="mail-inherits-the-recipients",
    proves=INHERITED,
    also={
        "rfc5321/4.2.1/2yz-completed",
        "rfc2920/3.2/354-only-with-recipients",
        "rfc5321/4.1.1.4/buffers-empty-after-data",
        "rfc5321/4.1.1.5/rset-discards",
        "rfc5321/3.9/addresses-used-as-listed",
        "rfc5321/3.9/copies-to-all-addresses",
        "rfc5321/3.9/list-supported",
        "rfc5321/3.9.2/list-replaces-recipient",
    },
)
def recipients_are_taken_over(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Gives a new transaction the recipients of the one before."""
    given = clean(argument)
    if session.transaction is not None:
        session.transaction.forward_paths += _recipients_before.pop(session, [])
    return given


@defect(
    ServerSession.refuse_sender,
    only={"ours"},
    varies={"rfc5321/3.3/reverse_path_may_be_judged_later"},
)
def unknown_senders_are_taken(
    clean: Callable[[Path], Answer | None], session: ServerSession, path: Path
) -> Answer | None:
    """Takes mail from senders that it does not know, as it may."""
    del clean, session, path
    return None


@defect(ServerSession.refuse_sender, only={"ours"}, proves={"rfc5321/3.3/refused_reverse_path_gets_550_or_553"})
def unknown_senders_get_552(
    clean: Callable[[Path], Answer | None], session: ServerSession, path: Path
) -> Answer | None:
    """Refuses a sender that it does not know with 552."""
    del session
    given = clean(path)
    return replace(given, code=552) if given else None


@defect(ServerSession.refuse_relaying, varies={"rfc5321/3.3/relaying_may_be_declined"})
def mail_is_relayed_anywhere(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Takes mail for hosts other than its own, as it may."""
    del clean
    return session.take_recipient(forward_path)


@defect(
    ServerSession.refuse_relaying,
    proves={"rfc5321/3.6.2/refused_relaying_gets_550"},
    also={"rfc5321/7.9/550-for-policy"},
)
def refused_relaying_gets_553(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses to relay with 553."""
    del clean, session, forward_path
    return answer(553, b"No relaying")


_OBJECTIONABLE = re.compile(rb"[\x80-\xff]|(?<![^\r\n])[^\r\n]{1001}")


@defect(
    ServerSession.find_end_of_data,
    proves={"rfc5321/3.3/data_are_not_refused_before_their_end*"},
    also={"rfc5321/2.3.8/only-crlf-in-mail-data", "rfc5321/4.5.2/stuffed-dot-does-not-end", "rfc6152/3/usual-stuffing"},
)
def data_are_refused_in_the_middle(
    clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes
) -> Line | None:
    """Ends the mail data at an 8-bit octet or an overlong line, and answers there."""
    del session
    found = clean(buffer)
    if found is None and _OBJECTIONABLE.search(buffer):
        return buffer, b""
    return found


REFUSED_FOR_ONE = {"rfc5321/3.3/refused_recipient_does_not_fail_the_data"}


@defect(ServerSession.refuse_recipient, name="one-unknown-recipient-fails-the-data", proves=REFUSED_FOR_ONE)
def unknown_recipient_is_noted(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses mail data with 550 because one of the recipients was unknown."""
    _refused_one.add(session)
    return clean(forward_path)


@defect(ServerSession.end_of_data, name="one-unknown-recipient-fails-the-data", proves=REFUSED_FOR_ONE)
def data_are_refused_for_one_recipient(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses mail data with 550 because one of the recipients was unknown."""
    if session not in _refused_one:
        return clean(content)
    session.clear("end of data")
    return answer(550, b"Mailbox not found")


@defect(
    ServerSession.end_of_data,
    proves={"rfc5321/3.3/form_of_address_field_is_no_reason_to_refuse*"},
    also={"rfc5321/4.5.3.1.8/recipients-in-header"},
)
def address_fields_have_one_form(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message unless the field To has a plain address in brackets."""
    header = content.partition(b"\r\n\r\n")[0]
    if re.search(rb"(?m)^To: (?!<[a-z]+@[a-z.]+>\r?$)", header) is None:
        return clean(content)
    session.clear("end of data")
    return answer(554, b"Bad address in the header section")


@defect(
    ServerSession.kept_reverse_path,
    proves={"rfc5321/4.1.1.2/message_has_the_reverse_path_of_its_own_mail*"},
)
def null_reverse_path_of_a_session_stays(clean: Callable[[Path], bytes], session: ServerSession, path: Path) -> bytes:
    """Gives all mail of a session the null reverse-path where its first MAIL had that."""
    return b"" if _first_sender.setdefault(session, clean(path)) == b"" else clean(path)
