"""RFC 4954 5 - The AUTH Parameter to the MAIL FROM command, for a relay that authenticates at its next hop."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    Unclear,
    answered,
    holds,
    is_mailbox,
    new_token,
    presume,
    row,
    scenario,
    took,
    visible,
)

RELAYED = ["account_domain", "account_next_hop"]
NOBODY = b"<>"
SUBMITTER = b"submitter@example.com"

_VALUE = re.compile(rb"(?:^|\s)AUTH=(\S*)", re.IGNORECASE)
_ENCODED = re.compile(rb"\+([0-9A-F]{2})")
_XTEXT = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")


def said_of(received: Received) -> bytes | None:
    """The value of AUTH in the MAIL that came, as it stands there; ``None`` where it had none."""
    found = _VALUE.search(received.parameters)
    return found[1] if found else None


def decoded(xtext: bytes) -> bytes:
    """What xtext stands for."""
    return _ENCODED.sub(lambda found: bytes([int(found[1], 16)]), xtext)


def shown(value: bytes | None) -> str:
    """The value for a report."""
    return "no AUTH parameter" if value is None else f"AUTH={visible(value)}"


async def relayed(smtp: Client, hop: Hop, parameters: bytes = b"", *, reverse_path: bytes | None = None) -> Received:
    """What our next hop got of a message with these parameters of MAIL.

    Raises:
        NotReady: it did not come, or the target did not authenticate there.
    """
    path = b"<%b>" % hop.account()
    await smtp.deliver(smtp.message(), path, reverse_path=reverse_path, parameters=parameters)
    received = await hop.message()
    if not received.transaction.connection.authenticated:
        raise NotReady("next hop", "the target did not authenticate there")
    return received


@scenario(
    "rfc4954/5/pass-on-trusted",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", "credentials_trusted", *RELAYED],
    value={
        "plain": SUBMITTER,
        "equals-sign": b"e+3Dmc2@example.com",
        "plus-sign": b"c+2B40d@example.com",
        "quoted": b"+22a+20b+22@example.com",
        "address-literal": b"submitter@[192.0.2.1]",
    },
)
async def believed_submitter_is_passed_on(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """The mailbox that a trusted client names reaches the next hop, in whatever xtext."""
    if not smtp.target.credentials_trusted:
        return Unclear("the target does not believe the AUTH parameter")
    await smtp.authenticate()
    said = said_of(await relayed(smtp, hop, b" AUTH=" + value))
    return holds(said is not None and decoded(said) == decoded(value), expected=shown(value), seen=shown(said))


UNKNOWN_SUBMITTER = {
    "plain": b"AUTH=" + SUBMITTER,
    "of-the-site": b"AUTH=postmaster@%d",
    "encoded": b"AUTH=e+3Dmc2@example.com",
}


@scenario(
    "rfc4954/5/untrusted-is-empty",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["not auth_required", "domains", *RELAYED],
    parameter=UNKNOWN_SUBMITTER,
)
async def submitter_named_by_a_stranger_goes_no_further(parameter: bytes, smtp: Client, hop: Hop) -> Observation:
    """What a client that did not authenticate says in AUTH reaches no next hop as somebody's name."""
    parameter = parameter.replace(b"%d", smtp.target.domains[0].encode("ascii"))
    said = said_of(await relayed(smtp, hop, b" " + parameter))
    return holds(said in {None, NOBODY} or decoded(said or b"") == NOBODY, expected="AUTH=<>", seen=shown(said))


@scenario(
    "rfc4954/5/empty-passed-on",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["not auth_required", *RELAYED],
    parameter={"said": b" AUTH=<>", "encoded": b" AUTH=+3C+3E", "nothing-said": b"", "somebody": b" AUTH=" + SUBMITTER},
)
async def stranger_counts_as_nobody_at_the_next_hop(parameter: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message from a client that did not authenticate goes with AUTH=<> to a server that was authenticated to."""
    said = said_of(await relayed(smtp, hop, parameter))
    return holds(said is not None and decoded(said) == NOBODY, expected="AUTH=<>", seen=shown(said))


@scenario(
    "rfc4954/5/empty-passed-on",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", *RELAYED],
    path={"a-sender": None, "nobody": b"<>"},
)
async def unknown_submitter_stays_unknown(path: bytes | None, smtp: Client, hop: Hop) -> Observation:
    """AUTH=<> of a client that authenticated goes to the next hop as it is."""
    await smtp.authenticate()
    said = said_of(await relayed(smtp, hop, b" AUTH=<>", reverse_path=path))
    return holds(said is not None and decoded(said) == NOBODY, expected="AUTH=<>", seen=shown(said))


@scenario(
    "rfc4954/5/empty-is-not-the-client",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", *RELAYED],
    parameter={"plain": b" AUTH=<>", "encoded": b" AUTH=+3C+3E", "keyword-in-small-letters": b" auth=<>"},
)
async def client_that_names_nobody_is_not_the_submitter(parameter: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with AUTH=<> does not count as submitted by who authenticated: no mailbox reaches the next hop."""
    await smtp.authenticate()
    said = said_of(await relayed(smtp, hop, parameter))
    return holds(said is None or decoded(said) == NOBODY, expected="AUTH=<> or none", seen=shown(said))


@scenario("rfc4954/5/may-generate", start=At.UNAUTHENTICATED, offers=["AUTH"], facts=["credentials", *RELAYED])
async def submitter_may_be_made_of_the_client(smtp: Client, hop: Hop) -> Observation:
    """A message without AUTH from a client that authenticated goes on with its mailbox, with AUTH=<>, or with none."""
    await smtp.authenticate()
    said = said_of(await relayed(smtp, hop))
    if said is None:
        return took("passes none on")
    return took("passes AUTH=<> on" if decoded(said) == NOBODY else "makes a mailbox of the client", shown(said))


@scenario(
    "rfc4954/5/generated-syntax",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", *RELAYED],
    reading={"mailbox": row(""), "xtext": row("", "rfc4954/5/value-is-xtext")},
)
async def submitter_made_of_the_client_is_a_mailbox(reading: str, smtp: Client, hop: Hop) -> Observation:
    """A mailbox that the target makes of its client's identity has the form of one, and stands there as xtext."""
    del reading
    await smtp.authenticate()
    said = said_of(await relayed(smtp, hop))
    if said is None or decoded(said) == NOBODY:
        return Unclear(f"none was made: {shown(said)}")
    good = _XTEXT.fullmatch(said) is not None and is_mailbox(decoded(said))
    return holds(good, expected="xtext of a mailbox", seen=shown(said))


@scenario(
    "rfc4954/5/else-empty",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", "nameless_credentials", *RELAYED],
)
async def client_without_a_mailbox_counts_as_nobody(smtp: Client, second: Client, hop: Hop) -> Observation:
    """Where the target makes mailboxes of its clients, one of whom it can't goes on with AUTH=<>."""
    await second.authenticate()
    twin = await _relayed_for(second, hop)
    presume(holds(twin is not None and decoded(twin) != NOBODY, expected="a mailbox", seen=shown(twin)))
    user, password = smtp.user_and_password(smtp.target.nameless_credentials)
    presume(answered(await smtp.try_authenticate(user=user, password=password), {235}))
    said = said_of(await relayed(smtp, hop))
    good = said is not None and (decoded(said) == NOBODY or is_mailbox(decoded(said)))
    return holds(good, expected="AUTH=<>", seen=shown(said))


async def _relayed_for(second: Client, hop: Hop) -> bytes | None:
    """What AUTH says of a twin."""
    twin = new_token()
    await second.deliver(second.message(token=twin), b"<%b>" % hop.account(twin))
    return said_of(await hop.message(twin))


SAID = (b"", b" AUTH=<>", b" AUTH=" + SUBMITTER, b" AUTH=e+3Dmc2@example.com", b" AUTH=+22a+2Bb+22@example.com")
"""What MAIL of a message says of its submitter."""


@scenario(
    "rfc4954/8/mailbox-or-empty",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", *RELAYED],
    reading={"form": row(""), "whose": row("", "rfc4954/5/value")},
)
async def parameter_on_the_way_is_a_mailbox_or_nobody(reading: str, smtp: Client, hop: Hop) -> Observation:
    """What the target says in AUTH at its next hop is xtext, and stands for a mailbox or for <>."""
    del reading
    await smtp.authenticate()
    said: list[bytes] = []
    for parameters in SAID:
        token = new_token()
        await smtp.deliver(smtp.message(token=token), b"<%b>" % hop.account(token), parameters=parameters)
        value = said_of(await hop.message(token))
        said += [] if value is None else [value]
    if not said:
        return Unclear("no AUTH parameter to look at")
    wrong = [value for value in said if not _is_well_formed(value)]
    return holds(not wrong, expected="a mailbox or <>", seen=" | ".join(map(shown, wrong or said)))


def _is_well_formed(value: bytes) -> bool:
    plain = decoded(value)
    return _XTEXT.fullmatch(value) is not None and (plain == NOBODY or is_mailbox(plain))


@scenario(
    "rfc4954/5/list-may-resubmit",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials", "relayed_list", *RELAYED],
)
async def list_may_be_the_submitter(smtp: Client, hop: Hop) -> Observation:
    """What a list sends on has the list's or its owner's address in AUTH, the message's own submitter, or nobody."""
    await smtp.authenticate()
    to = b"<%b>" % (smtp.target.relayed_list or "").encode("ascii")
    await smtp.deliver(smtp.message(), to, parameters=b" AUTH=" + SUBMITTER)
    came = await hop.messages(at_least=1)
    if not came:
        raise NotReady("next hop", "the list sent nothing there")
    said = said_of(came[0])
    if said is None or decoded(said) == NOBODY:
        return took("names nobody", shown(said))
    return took("names the submitter" if decoded(said) == SUBMITTER else "names the list", shown(said))
