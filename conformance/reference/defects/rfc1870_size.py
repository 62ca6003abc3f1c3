"""Defects of the declaration of sizes (RFC 1870)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference import _session
from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._session import Line, ServerSession
from conformance.wire.paths import PathArgument

Extensions = Callable[[], tuple[bytes, ...]]
OfOctets = Callable[[bytes], Answer | None]
Parameters = dict[bytes, bytes]
OfParameters = Callable[[Parameters], Answer | None]

FRAMEWORK = "rfc1870/3/"
SERVICE = "rfc1870/4/"
EXTENDED = "rfc1870/6/"
ACTION = "rfc1870/6.1/"
PARAMETERS = {"rfc3030/3/body-value", "rfc5321/2.2.1/extension-mechanism", "rfc5321/4.1.2/parameter-syntax"}
KEEPS = "rfc5321/4.1.4/bad-mail-keeps-state"


@defect(ServerSession.extensions, proves={FRAMEWORK + "watch_size_line"})
def size_has_two_numbers(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists a minimum and a maximum behind SIZE."""
    del session
    return tuple(b"SIZE 0 1000000" if keyword.startswith(b"SIZE") else keyword for keyword in clean())


@defect(ServerSession.extensions, varies={SERVICE + "server_may_tell_a_limit", "rfc1870/7/number_may_be_left_out"})
def size_tells_no_limit(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists SIZE without a number."""
    del session
    return tuple(b"SIZE" if keyword.startswith(b"SIZE") else keyword for keyword in clean())


OfPath = Callable[[bytes, bytes], PathArgument | None]
SIZE = re.compile(rb"SIZE=[0-9]{1,20}")


@defect(
    ServerSession.path_and_parameters, only={"parameters"}, varies={FRAMEWORK + "size_that_is_none_may_be_refused*"}
)
def size_that_is_none_is_ignored(
    clean: OfPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Passes over a SIZE that is not 1 to 20 digits, and over a second one."""
    del session
    kept: list[bytes] = []
    for word in argument.split(b" "):
        again = any(SIZE.fullmatch(before.upper()) for before in kept)
        if not word.upper().startswith(b"SIZE") or (SIZE.fullmatch(word.upper()) and not again):
            kept.append(word)
    return clean(keyword, b" ".join(kept))


@defect(
    ServerSession.refuse_mail_parameters,
    only={"some"},
    proves={
        FRAMEWORK + "refused_size_is_no_transaction[letters]",
        FRAMEWORK + "refused_size_is_no_transaction[negative]",
    },
)
def bad_size_spoils_the_session(clean: OfParameters, session: ServerSession, parameters: Parameters) -> Answer | None:
    """Takes no mail any more after a SIZE that it can't read."""
    refused = clean(parameters)
    size = parameters.get(b"SIZE")
    if size is not None and not size.isdigit():
        session.client_name = None
    return refused


@defect(
    ServerSession.path_and_parameters,
    only={"parameters"},
    proves={FRAMEWORK + "refused_size_is_no_transaction[empty]"},
)
def empty_size_spoils_the_session(
    clean: OfPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes no mail any more after a SIZE with nothing behind its equals sign."""
    if argument.endswith(b" SIZE="):
        session.client_name = None
    return clean(keyword, argument)


@defect(
    ServerSession.refuse_mail_parameters,
    only={"some"},
    proves={SERVICE + "size_is_taken*"},
    also={"rfc1870/6.1/552-for-good", *PARAMETERS, KEEPS},
)
def size_is_listed_and_unknown(clean: OfParameters, session: ServerSession, parameters: Parameters) -> Answer | None:
    """Lists SIZE and answers MAIL with 555 where it is used."""
    return answer(555, b"Parameter not recognized") if b"SIZE" in parameters and session.extended else clean(parameters)


@defect(
    ServerSession.refuse_mail_parameters,
    only={"some"},
    proves={SERVICE + "size_is_taken[*-body]"},
    also=PARAMETERS,
)
def size_stands_alone(clean: OfParameters, session: ServerSession, parameters: Parameters) -> Answer | None:
    """Takes SIZE only where no other parameter stands."""
    del session
    both = b"SIZE" in parameters and len(parameters) > 1
    return answer(501, b"One parameter only") if both else clean(parameters)


@defect(ServerSession.open_transaction, proves={SERVICE + "size_is_taken_with_the_null_reverse_path"})
def notifications_have_no_size(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses SIZE behind the null reverse-path."""
    del session
    return answer(501, b"No size here") if b"<> SIZE" in argument else clean(argument)


@defect(
    ServerSession.end_of_data,
    proves={SERVICE + "message_of_the_declared_size_is_taken"},
    varies={ACTION + "server_may_take_more_than_declared*"},
)
def declared_messages_are_refused(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 554 to some messages whose size was declared."""
    transaction = session.transaction
    given = clean(content)
    declared = transaction is not None and transaction.size is not None
    return answer(554, b"Not that large") if declared and len(content) == 1000 else given


@defect(ServerSession.is_too_big, proves={SERVICE + "limit_can_be_declared"})
def limit_itself_is_too_big(clean: Callable[[int], bool], session: ServerSession, declared: int) -> bool:
    """Refuses a size that is the limit itself."""
    del session
    return clean(declared + 1)


@defect(
    ServerSession.end_of_data,
    proves={
        SERVICE + "undeclared_message_above_the_limit_gets_552*",
        SERVICE + "message_above_the_limit_gets_552_whatever_was_declared*",
    },
)
def limit_is_for_declared_sizes(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Looks at its limit at MAIL only, and takes a larger message that did not say so."""
    transaction = session.transaction
    if transaction is None or len(content) <= _session.MAX_MESSAGE:
        return clean(content)
    session.clear("end of data")
    session.deliver(transaction, content)
    return answer(250, b"OK, taken")


@defect(ServerSession.end_of_data, proves={SERVICE + "message_above_the_limit_leaves_the_session_usable"})
def large_message_spoils_the_session(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Takes no mail any more after a message above its limit."""
    if len(content) > _session.MAX_MESSAGE:
        session.client_name = None
    return clean(content)


@defect(
    ServerSession.end_of_data,
    proves={
        "rfc1870/5/message_of_the_limit_is_not_too_big*",
        "rfc1870/6.3/message_of_the_declared_limit_is_not_too_big",
    },
)
def trace_counts_too(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Counts the trace field that it adds towards the size of a message."""
    if len(content) + 200 <= _session.MAX_MESSAGE or session.transaction is None:
        return clean(content)
    session.clear("end of data")
    return answer(552, b"Message too big")


@defect(ServerSession.unstuffed, proves={"rfc1870/5/message_of_the_limit_is_not_too_big[dots]"})
def doubled_dots_count(clean: Callable[[bytes], bytes], session: ServerSession, lines: bytes) -> bytes:
    """Counts the dots that were doubled for the transfer towards the size of a message."""
    del session
    content = clean(lines)
    return content + b"." * (len(lines) - len(content)) if len(lines) > _session.MAX_MESSAGE else content


@defect(
    ServerSession.end_of_data,
    proves={"rfc1870/6.3/message_of_the_declared_size_is_not_too_big*"},
)
def declared_size_is_forgotten(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Answers 552 to a message that reaches its declared size of some length."""
    transaction = session.transaction
    given = clean(content)
    reached = transaction is not None and transaction.size == len(content) > 10000
    return answer(552, b"Message too big") if reached else given


@defect(
    ServerSession.find_end_of_data,
    proves={
        EXTENDED + "smaller_size_does_not_end_mail_data*",
    },
    also={"rfc1870/*", "rfc5321/4.2/*", "rfc5321/4.3.2/*"},
)
def size_ends_mail_data(clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes) -> Line | None:
    """Ends mail data at the declared size, wherever the dot is."""
    size = session.transaction.size if session.transaction else None
    if not size:
        return clean(buffer)
    return (buffer[:size], buffer[size:]) if len(buffer) >= size else clean(buffer)


@defect(
    ServerSession.find_end_of_data,
    proves={EXTENDED + "larger_size_does_not_hold_up_mail_data*"},
    also={"rfc1870/*"},
)
def size_is_waited_for(clean: Callable[[bytes], Line | None], session: ServerSession, buffer: bytes) -> Line | None:
    """Waits for as many octets of mail data as were declared."""
    size = session.transaction.size if session.transaction else None
    found = clean(buffer)
    return found if found is None or not size or len(found[0]) >= size else None


@defect(
    ServerSession.clear,
    name="size-outlives-rset",
    only={"RSET"},
    proves={EXTENDED + "declared_size_does_not_spoil_the_next_transaction*"},
)
def rset_keeps_the_size(clean: Callable[[str], None], session: ServerSession, why: str) -> None:
    """Holds the next message to the size that was given up with RSET."""
    session.site.down = session.transaction is not None and session.transaction.size is not None
    clean(why)


@defect(ServerSession.end_of_data, name="size-outlives-rset")
def message_has_not_the_old_size(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Holds the next message to the size that was given up with RSET."""
    given = clean(content)
    return answer(552, b"Not the size that you said") if session.site.down else given


@defect(
    ServerSession.is_too_big,
    proves={ACTION + "size_above_the_limit_gets_552*"},
    also={"rfc1870/6.1/*"},
    varies={
        SERVICE + "size_above_the_limit_may_be_refused_at_once",
        ACTION + "size_above_the_limit_may_get_any_code_of_mail",
    },
)
def declared_size_is_not_compared(clean: Callable[[int], bool], session: ServerSession, declared: int) -> bool:
    """Takes MAIL whatever size is declared."""
    del clean, session, declared
    return False


@defect(
    ServerSession.path_and_parameters,
    only={"parameters"},
    proves={ACTION + "size_above_the_limit_is_seen_among_others*"},
    also={"rfc1870/6.1/*"},
)
def size_is_read_alone_and_in_capitals(
    clean: OfPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Compares a declared size with its limit only where it stands alone and in capitals."""
    del session
    found = clean(keyword, argument)
    if found is not None and b"SIZE" in found.parameters and (len(found.parameters) > 1 or b"size" in argument):
        found.parameters[b"SIZE"] = b"1"
    return found


@defect(ServerSession.open_transaction, proves={ACTION + "refused_size_opens_no_transaction"}, also={KEEPS})
def refused_size_opens_a_transaction(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses MAIL for its size and opens the transaction all the same."""
    given = clean(argument)
    if given is not None and given.code == 552:
        session.transaction = _session.Transaction(b"")
    return given


@defect(ServerSession.open_transaction, proves={ACTION + "smaller_size_is_taken_after_a_refusal"})
def refused_size_spoils_the_session(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes no mail any more after a MAIL that was too big."""
    given = clean(argument)
    if given is not None and given.code == 552:
        session.client_name = None
    return given


@defect(ServerSession.take_recipient, varies={"rfc1870/6.4/recipient_may_be_refused_for_the_size"})
def recipients_have_less_room(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 552 to RCPT where a size was declared that is above half the limit."""
    size = session.transaction.size if session.transaction else None
    too_big = size is not None and size > _session.MAX_MESSAGE // 2
    return answer(552, b"Too big for this mailbox") if too_big else clean(forward_path)


@defect(ServerSession.is_too_big, profile="on-request", proves={FRAMEWORK + "no_size_is_beyond_no_limit*"})
def limit_is_there_and_not_told(clean: Callable[[int], bool], session: ServerSession, declared: int) -> bool:
    """Lists SIZE 0, and refuses sizes above a limit with 552."""
    return clean(declared) or (declared > _session.MAX_MESSAGE and bool(session.offers))


@defect(ServerSession.has, only={"SIZE"}, proves={FRAMEWORK + "sizes_are_not_compared_by_who_does_not_offer_it"})
def size_is_known_and_not_listed(clean: Callable[[bytes], bool], session: ServerSession, extension: bytes) -> bool:
    """Reads and compares sizes without listing SIZE."""
    del clean, session, extension
    return True


@defect(
    ServerSession.refuse_mail_parameters,
    only={"some"},
    proves={ACTION + "size_within_the_limit_is_put_off_with_452*"},
)
def large_messages_are_put_off_with_451(
    clean: OfParameters, session: ServerSession, parameters: Parameters
) -> Answer | None:
    """Puts large messages within its limit off with 451."""
    del session
    size = parameters.get(b"SIZE", b"")
    large = size.isdigit() and _session.MAX_MESSAGE // 2 <= int(size) <= _session.MAX_MESSAGE
    return answer(451, b"Not that large now") if large else clean(parameters)
