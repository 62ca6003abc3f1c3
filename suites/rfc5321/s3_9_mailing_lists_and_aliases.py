"""RFC 5321 3.9 - Mailing Lists and Aliases, and 4.5.4.1: one copy for many, a copy for each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conformance import (
    At,
    Client,
    Delivered,
    Hop,
    NotReady,
    Observation,
    Store,
    fields_named,
    holds,
    new_token,
    row,
    scenario,
    split_message,
    visible,
)


def alias_of(smtp: Client) -> tuple[bytes, int]:
    """The path of the alias, and how many it stands for."""
    known = smtp.target.alias
    assert known is not None
    return b"<%b>" % known.address.encode("ascii"), len(known.members)


def list_of(smtp: Client) -> tuple[bytes, int]:
    """The path of the list, and how many are on it."""
    known = smtp.target.mailing_list
    assert known is not None
    return b"<%b>" % known.address.encode("ascii"), len(known.members)


async def copies(number: int, told_apart: bool, store: Store) -> Observation:
    """Held by so many copies; fewer prove nothing where the mailboxes have one place, which may keep one for all."""
    came = await store.messages(at_least=number)
    if len(came) < number and not told_apart:
        raise NotReady("store", "it does not tell the mailboxes apart")
    return holds(len(came) == number, expected=f"{number} copies", seen=f"{len(came)} copies")


async def are_told_apart(paths: Sequence[bytes], smtp: Client, store: Store) -> bool:
    """Whether the store shows each of these mailboxes in its own place.

    Raises:
        NotReady: it does not show them all: it may be the store of one of them.
    """
    places = set()
    for path in paths:
        token = new_token()
        await smtp.deliver(smtp.message(token=token), path)
        places.add((await store.message(token)).mailbox)
    return len(places) == len(paths) and not any(place.startswith("connection ") for place in places)


def return_path(mail: Delivered) -> bytes:
    """The path that Return-Path has."""
    there = fields_named(split_message(mail.content)[0], "Return-Path")
    found = re.search(rb"<[^<>]*>", there[0].body) if there else None
    if found is None:
        raise NotReady("store", "no Return-Path field with a path")
    return found[0]


COPIES = "rfc5321/3.9/copies-to-all-addresses"
ALIAS = {
    "copies": row(None),
    "supported": row(None, "rfc5321/3.9/alias-supported"),
    "replaced": row(None, "rfc5321/3.9.1/alias-replaces-recipient"),
}
LIST = {
    "copies": row(None),
    "supported": row(None, "rfc5321/3.9/list-supported"),
    "replaced": row(None, "rfc5321/3.9.2/list-replaces-recipient"),
    "nobody-else": row(None, "rfc5321/3.9/addresses-used-as-listed"),
}


@scenario(COPIES, start=At.EHLO, facts=["alias", "delivery_within"], reading=ALIAS)
async def alias_reaches_all(reading: None, smtp: Client, store: Store) -> Observation:
    """A message to an alias reaches everybody for whom it stands."""
    del reading
    path, number = alias_of(smtp)
    assert smtp.target.alias is not None
    members = [b"<%b>" % each.encode("ascii") for each in smtp.target.alias.members]
    told_apart = await are_told_apart(members, smtp, store)
    await smtp.deliver(smtp.message(), path)
    return await copies(number, told_apart, store)


@scenario(COPIES, start=At.EHLO, facts=["mailing_list", "delivery_within"], reading=LIST)
async def list_reaches_all(reading: None, smtp: Client, store: Store) -> Observation:
    """A message to a list reaches everybody on it, and nobody else."""
    del reading
    path, number = list_of(smtp)
    assert smtp.target.mailing_list is not None
    members = [b"<%b>" % each.encode("ascii") for each in smtp.target.mailing_list.members]
    told_apart = await are_told_apart(members, smtp, store)
    await smtp.deliver(smtp.message(), path)
    return await copies(number, told_apart, store)


@scenario("rfc5321/3.9.1/alias-keeps-the-rest", start=At.EHLO, facts=["alias", "sender"])
async def alias_changes_nothing_else(smtp: Client, store: Store) -> Observation:
    """A message that came by an alias has the reverse-path of MAIL and the header section that was sent."""
    path, _ = alias_of(smtp)
    sent = smtp.message()
    await smtp.deliver(sent, path)
    mail = await store.message()
    said, wanted = return_path(mail), smtp.reverse_path
    kept = [field.body.strip() for field in split_message(mail.content)[0]]
    ours = [field.body.strip() for field in split_message(sent)[0]]
    good = said == wanted and kept[-len(ours) :] == ours
    return holds(good, expected=f"{visible(wanted)} and the fields as sent", seen=(visible(said), len(kept)))


@scenario("rfc5321/3.9/list-changes-return-path", start=At.EHLO, facts=["mailing_list"])
async def list_has_its_own_reverse_path(smtp: Client, store: Store) -> Observation:
    """What a list sends to its members has the list's owner as its reverse-path."""
    path, _ = list_of(smtp)
    known = smtp.target.mailing_list
    assert known is not None
    await smtp.deliver(smtp.message(), path)
    said = return_path(await store.message())
    wanted = b"<%b>" % known.owner.encode("ascii")
    return holds(said.lower() == wanted.lower(), expected=visible(wanted), seen=visible(said))


@scenario(
    "rfc5321/3.9/list-keeps-header",
    start=At.EHLO,
    facts=["mailing_list"],
    name={"from": "From", "to": "To", "message-id": "Message-ID", "date": "Date", "subject": "Subject"},
)
async def list_leaves_the_header_alone(name: str, smtp: Client, store: Store) -> Observation:
    """A field of the author is the same in what a list sends to its members."""
    path, _ = list_of(smtp)
    sent = smtp.message()
    await smtp.deliver(sent, path)
    there = [each.body.strip() for each in fields_named(split_message((await store.message()).content)[0], name)]
    ours = [each.body.strip() for each in fields_named(split_message(sent)[0], name)]
    return holds(there == ours, expected=visible(ours[0]), seen=[visible(each) for each in there])


# Several recipients elsewhere.


@scenario("rfc5321/4.5.4.1/one-copy-for-many", start=At.EHLO, number={"two": 2, "ten": 10})
async def one_copy_for_many_recipients(number: int, smtp: Client, hop: Hop) -> Observation:
    """A message for several recipients at one host is sent there once, with all of them."""
    paths = [hop.path(local=b"r%d-%%b" % each) for each in range(number)]
    await smtp.deliver(smtp.message(), *paths)
    came, most = await hop.messages(at_least=1), 1
    while sum(len(each.forward_paths) for each in came) < number and len(came) >= most:
        most = len(came) + 1
        came = await hop.messages(at_least=most)
    if not came:
        raise NotReady("next hop", "nothing came")
    seen = [len(each.forward_paths) for each in came]
    return holds(seen == [number], expected=f"one copy for {number}", seen=f"copies for {seen}")


@scenario("rfc5321/4.5.3.1.8/accepted-recipients-kept", start=At.EHLO, facts=["delivery_within"])
async def hundred_recipients_are_kept(smtp: Client, hop: Hop) -> Observation:
    """Each of a hundred recipients that were accepted gets the message."""
    paths = [hop.path(local=b"r%d-%%b" % each) for each in range(100)]
    await smtp.deliver(smtp.message(), *paths)
    served: set[bytes] = set()
    came = 0
    while len(served) < len(paths):
        messages = await hop.messages(at_least=came + 1)
        if len(messages) <= came:
            break
        came = len(messages)
        served = {path.lower() for each in messages for path in each.forward_paths}
    return holds(len(served) == len(paths), expected=f"{len(paths)} recipients served", seen=f"{len(served)} served")


@scenario("rfc5321/3.9/copies-to-all-addresses", start=At.EHLO, facts=["delivery_within", "mailboxes"])
async def each_mailbox_gets_a_copy(smtp: Client, store: Store) -> Observation:
    """A message to two mailboxes reaches both."""
    if smtp.forward_path == smtp.other_forward_path:
        raise NotReady("mailboxes", "the target file names one only")
    told_apart = await are_told_apart((smtp.forward_path, smtp.other_forward_path), smtp, store)
    await smtp.deliver(smtp.message(), smtp.forward_path, smtp.other_forward_path)
    return await copies(2, told_apart, store)


@scenario("rfc5321/2.1/responsible-after-250", start=At.EHLO, facts=["delivery_within", "mailboxes"])
async def mailbox_here_and_recipient_elsewhere(smtp: Client, hop: Hop, store: Store) -> Observation:
    """A message to a mailbox here and to a recipient elsewhere reaches both."""
    token = new_token()
    await smtp.deliver(smtp.message(token=token), smtp.forward_path, hop.path(token))
    came = await hop.arrival(token) is not None, await store.arrival(token) is not None
    return holds(all(came), expected="both", seen=f"elsewhere: {came[0]}, here: {came[1]}")
