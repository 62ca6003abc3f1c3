"""RFC 4954 7 - Additional Requirements on Servers: the Received field."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from conformance import (
    At,
    Client,
    Observation,
    Store,
    Unclear,
    accepted,
    added,
    fields_named,
    holds,
    presume,
    row,
    scenario,
    split_message,
    visible,
    without_comments,
)

AUTHENTICATED = {"ESMTPA", "UTF8SMTPA"}
AUTHENTICATED_UNDER_TLS = {"ESMTPSA", "UTF8SMTPSA"}
"""The transmission types of RFC 3848 and RFC 6531 after AUTH, in clear and under TLS."""

_WITH = re.compile(rb"\bwith\s+([^\s;]+)", re.IGNORECASE)

Way = Callable[[Client], Awaitable[None]]


async def _in_clear(smtp: Client) -> None:
    await smtp.authenticate()


async def _under_tls(smtp: Client) -> None:
    await smtp.starttls()
    presume(accepted(await smtp.ehlo()))
    await smtp.authenticate()


async def _stamps(smtp: Client, store: Store) -> list[bytes]:
    """The bodies of the Received fields that a message of ours was given on its way to the mailbox."""
    await smtp.deliver(smtp.message())
    delivered = await store.message()
    return [field.body for field in fields_named(split_message(delivered.content)[0], "Received")]


@scenario(
    "rfc4954/7/received-inserted",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", "mailboxes"],
    way={"in-clear": _in_clear, "under-tls": row(_under_tls, offers=["STARTTLS"])},
)
async def message_of_an_authenticated_client_is_stamped(way: Way, smtp: Client, store: Store) -> Observation:
    """A message from a client that authenticated has a Received field before it in the mailbox."""
    await way(smtp)
    sent = smtp.message()
    await smtp.deliver(sent)
    fields = added(await store.message(), sent)
    if fields is None:
        return Unclear("what was sent is not the end of what was delivered")
    seen = ", ".join(field.name for field in fields)
    return holds(bool(fields_named(fields, "Received")), expected="a new Received field", seen=seen)


@scenario(
    "rfc4954/7/esmtpa",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", "mailboxes"],
    way={"in-clear": _in_clear, "under-tls": row(_under_tls, offers=["STARTTLS"])},
)
async def received_says_that_the_client_authenticated(way: Way, smtp: Client, store: Store) -> Observation:
    """The Received field says ESMTPA after AUTH, and ESMTPSA under TLS."""
    await way(smtp)
    # Where the target takes AUTH under TLS alone, or the port begins with it, no way is in clear.
    types = AUTHENTICATED_UNDER_TLS if smtp.connection.secured else AUTHENTICATED
    stamps = await _stamps(smtp, store)
    plain = [without_comments(stamp) for stamp in stamps]
    said = [found[1].decode("ascii", "replace").upper() for stamp in plain for found in _WITH.finditer(stamp)]
    expected = f"with {' or '.join(sorted(types))}"
    return holds(bool(types & {*said}), expected=expected, seen=visible(stamps[0]) if stamps else "no Received field")
