"""RFC 3461 4 - Additional parameters for RCPT and MAIL commands: as a relay writes them for its next hop."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    Reply,
    accepted,
    holds,
    presume,
    row,
    scenario,
    took,
    visible,
)

FACTS = ["extended_next_hop"]
XTEXT = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
HEXADECIMAL = re.compile(rb"\+([0-9A-F]{2})")
PRINTABLE = re.compile(rb"[ -~]*")
ADDRESS = b"o" * 60 + b"@" + b"d" * 60 + b"." + b"d" * 29 + b".example"
"""An address of 159 octets, which is 477 with every octet in hexadecimal."""
TYPES = frozenset({b"rfc822", b"x400", b"utf-8"})
"""The types of addresses that anybody has registered for mail: the list of IANA that section 4.2 means."""


async def relayed(smtp: Client, hop: Hop, mail: bytes = b"", rcpt: bytes = b"") -> Received:
    """A message with these parameters, as it comes to the next hop that offers DSN.

    Raises:
        NotReady: it did not come, or the client did not ask what we offer.
    """
    await smtp.deliver(smtp.message(), b"<%b>" % hop.extended() + rcpt, parameters=mail)
    received = await hop.message()
    if not received.transaction.connection.extended:
        raise NotReady("next hop", "it was not asked with EHLO what it offers")
    return received


def given(received: Received, keyword: bytes) -> list[bytes]:
    """The values that stand behind this keyword at MAIL, and at RCPT of the first recipient that we took."""
    of_rcpt = next(each.parameters for each in received.transaction.recipients if each.accepted)
    pairs = (word.partition(b"=") for word in (received.parameters + b" " + of_rcpt).split())
    return [value for name, _, value in pairs if name.upper() == keyword]


def the(received: Received, keyword: bytes) -> bytes:
    """The value behind this keyword.

    Raises:
        NotReady: it is not there.
    """
    values = given(received, keyword)
    if not values:
        raise NotReady("next hop", f"it was given no {visible(keyword)}")
    return values[0]


def decoded(xtext: bytes) -> bytes:
    """What the value stands for."""
    return HEXADECIMAL.sub(lambda found: bytes([int(found[1], 16)]), xtext)


async def refusal(smtp: Client, path: bytes, mail: bytes, rcpt: bytes) -> Reply | None:
    """The 5yz that such a message would meet here, or ``None``; nothing stays open."""
    outcome = await smtp.mail(parameters=mail)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt(path, rcpt)
        presume(accepted(await smtp.say(b"RSET")))
    return outcome if isinstance(outcome, Reply) and outcome.severity == 5 else None


# What a client may send.

MUCH = {
    "two-words": row((b"", b" NOTIFY=SUCCESS,FAILURE", b"NOTIFY"), "rfc3461/4.1/notify-list"),
    "three-words": row((b"", b" NOTIFY=SUCCESS,FAILURE,DELAY", b"NOTIFY"), "rfc3461/4.1/notify-list"),
    "orcpt-490": row(
        (b"", b" ORCPT=rfc822;" + b"".join(b"+%02X" % octet for octet in ADDRESS), b"ORCPT"), "rfc3461/4.2/orcpt-length"
    ),
    "orcpt-334": row((b"", b" ORCPT=rfc822;" + b"o" * 321, b"ORCPT"), "rfc3461/4.2/orcpt-length"),
    "envid-100": row((b" ENVID=" + b"e" * 100, b"", b"ENVID"), "rfc3461/4.4/envid-length"),
    "envid-99-encoded": row((b" ENVID=" + b"+2B" * 33, b"", b"ENVID"), "rfc3461/4.4/envid-length"),
}


@scenario("rfc3461/4.1/notify-list", start=At.EHLO, offers=["DSN"], facts=FACTS, case=MUCH)
async def much_may_go_on(case: tuple[bytes, bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """Several words in NOTIFY, a long ORCPT and a long ENVID go on at that length, or shorter, or are refused."""
    mail, rcpt, keyword = case
    refused = await refusal(smtp, b"<%b>" % hop.extended(), mail, rcpt)
    if refused is not None:
        return took("is not taken here", refused)
    sent = (mail + rcpt).partition(b"=")[2]
    seen = b"".join(given(await relayed(smtp, hop, mail, rcpt), keyword)[:1])
    same = decoded(seen.partition(b";")[2] or seen) == decoded(sent.partition(b";")[2] or sent)
    whole = set(seen.upper().split(b",")) == set(sent.split(b",")) if keyword == b"NOTIFY" else same
    return took("sends all of it" if whole else "sends less", seen)


LETTERS = {"encoded": b"+41+42c", "plain": b"ABc", "encoded-dot": b"A+2EB"}


@scenario("rfc3461/4/may-encode-all", start=At.EHLO, offers=["DSN"], facts=FACTS, value=LETTERS)
async def plain_letters_may_be_encoded(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """An ENVID goes on with letters in hexadecimal, or with letters as they are."""
    seen = the(await relayed(smtp, hop, b" ENVID=" + value), b"ENVID")
    return took("in hexadecimal" if b"+" in seen else "in plain letters", seen)


# What a client must send.

TO_ENCODE = {
    "space": row((b" ENVID=a+20b", b"", b"ENVID")),
    "plus-sign": row((b" ENVID=a+2Bb", b"", b"ENVID")),
    "equals-sign": row((b" ENVID=a+3Db", b"", b"ENVID")),
    "plus-sign-in-orcpt": row((b"", b" ORCPT=rfc822;some+2Bone@example.com", b"ORCPT")),
    "equals-sign-in-orcpt": row((b"", b" ORCPT=rfc822;some+3Done@example.com", b"ORCPT")),
    "space-in-orcpt": row((b"", b" ORCPT=rfc822;+22some+20one+22@example.com", b"ORCPT")),
}


@scenario("rfc3461/4/must-encode-rest", start=At.EHLO, offers=["DSN"], facts=FACTS, case=TO_ENCODE)
async def what_can_not_stand_there_is_encoded(case: tuple[bytes, bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """A space, a plus sign and an equals sign go on in capital hexadecimal digits."""
    mail, rcpt, keyword = case
    seen = the(await relayed(smtp, hop, mail, rcpt), keyword)
    good = XTEXT.fullmatch(seen.partition(b";")[2] if keyword == b"ORCPT" else seen) is not None
    sent = (mail + rcpt).partition(b"=")[2]
    return holds(good, expected=f"xtext, as {visible(sent)}", seen=seen)


ONCE = {
    "envid": row((b"ENVID", True), "rfc3461/4.5/mail-once-each"),
    "ret": row((b"RET", True), "rfc3461/4.5/mail-once-each"),
    "notify": row((b"NOTIFY", True), "rfc3461/4.5/rcpt-once-each"),
    "orcpt": row((b"ORCPT", True), "rfc3461/4.5/rcpt-once-each"),
    "orcpt-not-asked": row((b"ORCPT", False), "rfc3461/4.5/rcpt-once-each"),
    "notify-not-asked": row((b"NOTIFY", False), "rfc3461/4.5/rcpt-once-each"),
}
ASKED = b" RET=HDRS ENVID=QQ314159", b" NOTIFY=FAILURE,DELAY ORCPT=rfc822;someone@example.com"


@scenario("rfc3461/4.5/mail-once-each", start=At.EHLO, offers=["DSN"], facts=FACTS, case=ONCE)
async def each_parameter_goes_on_once(case: tuple[bytes, bool], smtp: Client, hop: Hop) -> Observation:
    """No parameter stands twice in what the next hop is given."""
    keyword, asked = case
    seen = given(await relayed(smtp, hop, *(ASKED if asked else ())), keyword)
    return holds(len(seen) <= 1, expected=f"one {visible(keyword)} at most", seen=[visible(each) for each in seen])


@scenario(
    "rfc3461/4.2/registered-type",
    start=At.EHLO,
    offers=["DSN"],
    facts=FACTS,
    rcpt={"asked": b" ORCPT=rfc822;someone@example.com", "any-case": b" ORCPT=RFC822;a@example.com", "not-asked": b""},
)
async def type_of_an_original_recipient_is_registered(rcpt: bytes, smtp: Client, hop: Hop) -> Observation:
    """ORCPT that goes on, or was added, has a type that is registered."""
    seen = given(await relayed(smtp, hop, b"", rcpt), b"ORCPT")
    good = all(each.partition(b";")[0].lower() in TYPES for each in seen)
    return holds(good, expected="a registered type, or no ORCPT", seen=[visible(each) for each in seen])


PRINTED = {
    "envid": row((b" ENVID=a+20b", b"", b"ENVID"), "rfc3461/4.4/printable-before-encoding"),
    "envid-encoded": row((b" ENVID=+41+7E", b"", b"ENVID"), "rfc3461/4.4/printable-before-encoding"),
    "envid-not-asked": row((b"", b"", b"ENVID"), "rfc3461/4.4/printable-before-encoding"),
    "orcpt": row((b"", b" ORCPT=rfc822;+22a+20b+22@example.com", b"ORCPT"), "rfc3461/4.2/printable-before-encoding"),
    "orcpt-not-asked": row((b"", b"", b"ORCPT"), "rfc3461/4.2/printable-before-encoding"),
}


@scenario("rfc3461/4.4/printable-before-encoding", start=At.EHLO, offers=["DSN"], facts=FACTS, case=PRINTED)
async def what_is_encoded_is_printable(case: tuple[bytes, bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """What ENVID and ORCPT stand for, where they go on or were added, is printable ASCII."""
    mail, rcpt, keyword = case
    seen = [decoded(each) for each in given(await relayed(smtp, hop, mail, rcpt), keyword)]
    good = all(PRINTABLE.fullmatch(each) for each in seen)
    return holds(good, expected="printable ASCII", seen=[visible(each) for each in seen])
