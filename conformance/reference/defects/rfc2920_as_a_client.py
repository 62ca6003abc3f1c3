"""Defects of a relay that sends commands in groups: what stands in them, and how it reads the replies (RFC 2920)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from conformance.reference._decision import defect
from conformance.reference._relay import RelaySession
from conformance.reference._session import ServerSession
from conformance.wire import CRLF, Reply, ReplyReader

Assign = Callable[[list[Reply], tuple[bytes, ...]], list[Reply]]

ON_THE_WAY = "rfc2920/3.1/each_reply_is_taken_for_its_own_recipient"


def _reply(octets: bytes) -> Reply:
    reader = ReplyReader()
    reader.feed(octets)
    found = reader.next_reply()
    assert found is not None
    return found


def _filled(replies: Iterable[Reply], number: int) -> list[Reply]:
    """So many replies; those that are missing are refusals."""
    found = list(replies)[:number]
    return [*found, *[_reply(b"550 no reply" + CRLF)] * (number - len(found))]


@defect(
    ServerSession.extensions,
    proves={"rfc2920/2/pipelining_is_listed_by_its_name"},
)
def pipelining_has_another_name(clean: Callable[[], tuple[bytes, ...]], session: ServerSession) -> tuple[bytes, ...]:
    """Lists PIPELINING under a name of its own."""
    del session
    return tuple(b"XPIPELINING" if line == b"PIPELINING" else line for line in clean())


@defect(
    RelaySession.may_group,
    proves={"rfc2920/3.1/no_group_where_pipelining_is_not_listed*"},
    also={
        "rfc5321/2.3.8/client-recognizes-only-crlf",
        "rfc5321/4.2.1/client-returns-to-start-after-4yz",
        "rfc5321/4.2/client-ends-on-out-of-range-code",
    },
)
def relay_groups_always(clean: Callable[[int], bool], session: RelaySession, recipients: int) -> bool:
    """Sends RCPT and DATA at once, whatever was offered."""
    return b"PIPELINING" not in session.offers or clean(recipients)


@defect(
    RelaySession.behind_the_group,
    proves={"rfc2920/3.1/nothing_goes_out_behind_what_ends_a_group[refused]"},
    also={"rfc2920/3.1/*", "rfc5321/*"},
)
def relay_sends_noop_behind_data(clean: Callable[[], tuple[bytes, ...]], session: RelaySession) -> tuple[bytes, ...]:
    """Sends NOOP in one group with DATA, behind it."""
    del clean, session
    return (b"NOOP",)


@defect(
    RelaySession.assigned,
    proves={f"{ON_THE_WAY}[{row}]" for row in ("first-refused", "second-refused", "last-refused", "two-refused")},
    also={"rfc2920/3.1/*", "rfc5321/*"},
)
def relay_reads_the_first_reply_of_a_group(
    clean: Assign, session: RelaySession, replies: list[Reply], forward_paths: tuple[bytes, ...]
) -> list[Reply]:
    """Takes the first reply to a group for that to each of its commands."""
    del clean, session, forward_paths
    return [replies[0]] * len(replies)


@defect(
    RelaySession.assigned,
    proves={f"{ON_THE_WAY}[two-refused]", f"{ON_THE_WAY}[several-codes]"},
    also={"rfc2920/3.1/*", "rfc5321/*"},
)
def relay_takes_successes_of_a_group_first(
    clean: Assign, session: RelaySession, replies: list[Reply], forward_paths: tuple[bytes, ...]
) -> list[Reply]:
    """Takes the successes in a group for those of its first recipients."""
    del session
    return sorted(clean(replies, forward_paths), key=lambda reply: reply.severity)


@defect(
    RelaySession.assigned,
    proves={f"{ON_THE_WAY}[several-lines*]"},
    also={"rfc2920/3.1/*"},
)
def relay_counts_lines_of_a_group(
    clean: Assign, session: RelaySession, replies: list[Reply], forward_paths: tuple[bytes, ...]
) -> list[Reply]:
    """Takes each line of the replies to a group for a reply."""
    del clean, session
    lines = [_reply(b"%d %b" % (reply.code, line.text) + CRLF) for reply in replies for line in reply.lines]
    return _filled(lines, len(forward_paths))


@defect(
    RelaySession.assigned,
    proves={f"{ON_THE_WAY}[one-code*]"},
    also={"rfc2920/3.1/*", "rfc5321/*"},
)
def relay_joins_replies_of_one_code(
    clean: Assign, session: RelaySession, replies: list[Reply], forward_paths: tuple[bytes, ...]
) -> list[Reply]:
    """Takes replies of one code that follow each other for one reply of several lines."""
    del clean, session
    apart = [reply for number, reply in enumerate(replies) if number == 0 or reply.code != replies[number - 1].code]
    return _filled(apart, len(forward_paths))


_NAMED = re.compile(rb"r\d")


@defect(RelaySession.assigned, proves={f"{ON_THE_WAY}[texts-of-the-others]"})
def relay_finds_recipients_in_texts(
    clean: Assign, session: RelaySession, replies: list[Reply], forward_paths: tuple[bytes, ...]
) -> list[Reply]:
    """Takes a reply for that to the recipient whose name is in its text."""
    found = clean(replies, forward_paths)
    del session
    for reply in replies:
        named = _NAMED.search(b" ".join(line.text for line in reply.lines))
        for number, forward_path in enumerate(forward_paths):
            if named and forward_path.startswith(named[0] + b"-"):
                found = [reply if at == number else each for at, each in enumerate(found)]
    return found


@defect(RelaySession.assigned, proves={f"{ON_THE_WAY}[code-of-data]"})
def relay_takes_554_for_the_reply_to_data(
    clean: Assign, session: RelaySession, replies: list[Reply], forward_paths: tuple[bytes, ...]
) -> list[Reply]:
    """Takes a 554 in a group for the reply to DATA, and the next reply for that to the recipient."""
    del session
    found = [reply for reply in clean(replies, forward_paths) if reply.code != 554]
    return (found + found[-1:] * len(replies))[: len(replies)] if found else replies


NOT_READ = "relay-does-not-read-the-reply-to-data"


@defect(
    RelaySession.nothing_for_nobody,
    name=NOT_READ,
    proves={"rfc2920/3.1/nobody_gets_nothing_after_a_354*"},
)
def quit_follows_the_354(clean: Callable[[bytes], bytes], session: RelaySession, content: bytes) -> bytes:
    """Says QUIT where all recipients of a group were refused, whatever DATA got, and closes."""
    del clean, session, content
    return b"QUIT" + CRLF


@defect(RelaySession.patience, name=NOT_READ, only={"end of nothing"})
def end_is_not_waited_for(clean: Callable[[str], float], session: RelaySession, step: str) -> float:
    """Says QUIT where all recipients of a group were refused, whatever DATA got, and closes."""
    del session
    return min(clean(step), 3.0)


@defect(RelaySession.nothing_for_nobody, proves={"rfc2920/3.1/nobody_gets_nothing_after_a_354[lone-dot]"})
def relay_sends_the_message_to_nobody(clean: Callable[[bytes], bytes], session: RelaySession, content: bytes) -> bytes:
    """Sends the whole message after a 354, though all recipients were refused."""
    del clean
    return session.outward_data(content)


@defect(RelaySession.reads_while_sending, proves={"rfc2920/3.1/group_larger_than_a_window_gets_through"})
def relay_sends_a_group_before_it_reads(clean: Callable[[], bool], session: RelaySession) -> bool:
    """Sends a whole group, however large, before it reads a reply."""
    del clean, session
    return False
