"""RFC 4954 4 - The AUTH Command, for a relay that gives it at its next hop."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance import (
    At,
    Client,
    Hop,
    HopConnection,
    NotReady,
    Observation,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    row,
    scenario,
    took,
    visible,
)

ACCOUNT = ["account_domain", "account_next_hop"]
LINE = 512
"""Octets of a command line, its end included (RFC 5321 §4.5.3.1.4)."""

BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
PLAIN_WORDS = {b"=", b"*", b"QUIT", b"RSET", b"NOOP"}
"""What anybody may see of an exchange."""
ONE_ROUND = {b"PLAIN", b"EXTERNAL"}
"""The mechanisms in which an initial response is all that the client says."""

OFFERS: dict[str, bytes] = {
    "any": b"AUTH PLAIN LOGIN CRAM-MD5",
    "cram-md5": b"AUTH CRAM-MD5",
    "scram": b"AUTH SCRAM-SHA-256 PLAIN",
    "external": b"AUTH EXTERNAL",
}

Check = Callable[[HopConnection], Observation]


async def sent(smtp: Client, hop: Hop) -> HopConnection:
    """The first session at the next hop in which the target gave AUTH, once a message of ours goes there.

    Raises:
        NotReady: it gave none.
    """
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    for session in await hop.account_sessions():
        if session.authentications:
            return session
    raise NotReady("next hop", "the target gave no AUTH there")


def _shown(words: list[bytes]) -> str:
    """What was said, without saying it: it may be a password."""
    return ", ".join(word.decode() if word in PLAIN_WORDS else f"{len(word)} octets" for word in words) or "nothing"


def initial_is_encoded(connection: HopConnection) -> Observation:
    """Each initial response is base64, or an equals sign."""
    given = [each.initial for each in connection.authentications if each.initial is not None]
    if not given:
        return Unclear("no initial response was given")
    good = all(word == b"=" or (word and BASE64.fullmatch(word)) for word in given)
    return holds(good, expected="base64 or an equals sign", seen=_shown(given))


def responses_are_base64(connection: HopConnection) -> Observation:
    """Each response is a line of base64."""
    given = [word for each in connection.authentications for word in each.responses if word != b"*"]
    if not given:
        return Unclear("no response was given")
    return holds(all(BASE64.fullmatch(word) for word in given), expected="lines of base64", seen=_shown(given))


def commands_are_short(connection: HopConnection) -> Observation:
    """No AUTH command is longer than commands may be."""
    lengths = [each.line_length for each in connection.authentications]
    return holds(max(lengths) <= LINE, expected=f"at most {LINE} octets", seen=lengths)


def authenticates_once(connection: HopConnection) -> Observation:
    """No AUTH follows one that succeeded."""
    again = [each for each in connection.authentications if each.authenticated_before]
    return holds(not again, expected="no AUTH after a 235", seen=f"{len(again)} more")


def authenticates_outside_transactions(connection: HopConnection) -> Observation:
    """No AUTH is given in a transaction."""
    inside = [each for each in connection.authentications if each.in_transaction]
    return holds(not inside, expected="no AUTH in a transaction", seen=f"{len(inside)} there")


def auth_is_the_last_of_a_group(connection: HopConnection) -> Observation:
    """Nothing goes out together with AUTH, but behind the only response of a mechanism."""
    grouped = [
        each.mechanism
        for each in connection.authentications
        if each.pipelined and not (each.mechanism in ONE_ROUND and each.initial is not None)
    ]
    return holds(not grouped, expected="nothing behind AUTH in the same group", seen=grouped)


CHECKS: dict[str, tuple[Check, str]] = {
    "responses": (responses_are_base64, "rfc4954/4/response-is-base64-line"),
    "length": (commands_are_short, "rfc4954/4/auth-command-length"),
    "once": (authenticates_once, "rfc4954/4/client-no-second-auth"),
    "outside-transactions": (authenticates_outside_transactions, "rfc4954/4/client-no-auth-in-transaction"),
    "last-of-a-group": (auth_is_the_last_of_a_group, "rfc4954/4/last-in-pipelined-group"),
}


@scenario(
    "rfc4954/4/auth-command-length",
    start=At.EHLO,
    facts=ACCOUNT,
    check={name: row(check, clause) for name, (check, clause) in CHECKS.items()},
)
async def auth_at_the_next_hop_is_in_order(check: Check, smtp: Client, hop: Hop) -> Observation:
    """AUTH at the next hop is in order, given as the target does it by itself."""
    return check(await sent(smtp, hop))


@scenario(
    "rfc4954/4/auth-command-length",
    start=At.EHLO,
    facts=ACCOUNT,
    alone=True,
    check={name: row(check, clause) for name, (check, clause) in CHECKS.items()},
)
async def auth_with_a_challenge_first_is_in_order(check: Check, smtp: Client, hop: Hop) -> Observation:
    """AUTH at a next hop that offers CRAM-MD5 alone, in which the server speaks first, is in order too."""
    hop.offer_account(OFFERS["cram-md5"])
    return check(await sent(smtp, hop))


@scenario(
    "rfc4954/4/initial-response-encoding",
    start=At.EHLO,
    facts=ACCOUNT,
    alone=True,
    offered={"client-first": OFFERS["scram"], "empty": OFFERS["external"]},
)
async def initial_response_at_the_next_hop_is_encoded(offered: bytes, smtp: Client, hop: Hop) -> Observation:
    """An initial response at the next hop is base64, or an equals sign."""
    hop.offer_account(offered)
    return initial_is_encoded(await sent(smtp, hop))


@scenario("rfc4954/4/empty-initial-as-equals-sign", start=At.EHLO, facts=ACCOUNT, alone=True)
async def empty_initial_response_is_an_equals_sign(smtp: Client, hop: Hop) -> Observation:
    """Where the initial response of EXTERNAL has no octets, an equals sign stands for it."""
    hop.offer_account(OFFERS["external"])
    connection = await sent(smtp, hop)
    given = [each.initial for each in connection.authentications if each.mechanism == b"EXTERNAL"]
    empty = [word for word in given if word is not None and word in {b"", b"="}]
    if not empty:
        return Unclear("no initial response without octets was given")
    return holds(set(empty) == {b"="}, expected="an equals sign", seen=_shown(empty))


@scenario("rfc4954/4/no-initial-response-when-long", start=At.EHLO, facts=[*ACCOUNT, "account_long"], alone=True)
async def long_response_is_no_initial_response(smtp: Client, hop: Hop) -> Observation:
    """A response of PLAIN for which the command line has no room comes in a line of its own."""
    hop.offer_account(b"AUTH PLAIN")
    connection = await sent(smtp, hop)
    first = connection.authentications[0]
    said = max((len(word) for word in first.said), default=0)
    if len(b"AUTH PLAIN ") + said + 2 <= LINE:
        return Unclear(f"the response has {said} octets, for which there is room")
    return holds(first.initial is None, expected="a line of its own", seen=f"an AUTH command of {first.line_length}")


@scenario(
    "rfc4954/4/client-cancels-bad-challenge",
    start=At.EHLO,
    facts=ACCOUNT,
    alone=True,
    challenge={
        "foreign": b"334 ####\r\n",
        "foreign-between": b"334 PDE4OTYu!Njk3MTcwOTUyQGhvcD4=\r\n",
        "pad-inside": b"334 PDE4OTYuNjk3=MTcwOTUyQGhvcD4\r\n",
        "words": b"334 go ahead and answer\r\n",
    },
)
async def challenge_that_is_not_base64_is_cancelled(challenge: bytes, smtp: Client, hop: Hop) -> Observation:
    """A challenge that is not base64 is answered with an asterisk."""
    hop.offer_account(OFFERS["cram-md5"])
    hop.script_account(Rule(Step.AUTH, challenge))
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    for session in await hop.account_sessions():
        for each in session.authentications:
            seen = _shown([word for word in each.responses if word != b"*"]) if not each.cancelled else "an asterisk"
            return holds(each.cancelled, expected="an asterisk", seen=f"{seen}, then {session.end}")
    return Unclear("the target gave no AUTH")


@scenario("rfc4954/4/client-may-go-on", start=At.EHLO, facts=ACCOUNT, alone=True)
async def relay_may_go_on_without_authentication(smtp: Client, hop: Hop) -> Observation:
    """After AUTH was refused the message goes without, or it does not."""
    hop.script_account(Rule.answer(Step.AUTH, 535), Rule.answer(Step.RESPONSE, 535))
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    tried = [each for session in await hop.account_sessions() for each in session.authentications]
    if not tried:
        return Unclear("the target gave no AUTH")
    mailed = [session for session in await hop.account_sessions() if session.transactions]
    return took("goes on without" if mailed else "does not go on", f"{len(tried)} attempts")


async def _after_refusal(smtp: Client, hop: Hop, code: int) -> list[bytes]:
    """The mechanisms that the target tried in the session in which the first was refused with this code."""
    before = {each.number for each in await hop.account_sessions(0)}
    hop.offer_account(b"AUTH PLAIN CRAM-MD5")
    hop.script_account(Rule.answer(Step.AUTH, code, times=1))
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    found = await hop.account_sessions(len(before) + 1)
    sessions = [each for each in found if each.authentications and each.number not in before]
    if not sessions:
        raise NotReady("next hop", "the target gave no AUTH")
    return [each.mechanism for each in sessions[0].authentications]


@scenario("rfc4954/4/client-may-try-again", start=At.EHLO, facts=ACCOUNT, alone=True)
async def relay_may_try_another_mechanism(smtp: Client, hop: Hop) -> Observation:
    """After AUTH was refused with 535 another AUTH follows, or none."""
    tried = await _after_refusal(smtp, hop, 535)
    return took("tries again" if len(tried) > 1 else "does not try again", visible(b" ".join(tried)))


@scenario("rfc4954/6/534-other-mechanism", start=At.EHLO, facts=ACCOUNT, alone=True)
async def mechanism_called_too_weak_is_replaced(smtp: Client, hop: Hop) -> Observation:
    """After 534 the target tries another mechanism, where it has two."""
    for offered in (b"AUTH PLAIN", b"AUTH CRAM-MD5"):
        hop.offer_account(offered)
        twin = new_token()
        await smtp.deliver(smtp.message(token=twin), b"<%b>" % hop.account(twin))
        connection = (await hop.message(twin)).transaction.connection
        if not connection.authenticated:
            raise NotReady("control", f"it does not authenticate with {visible(offered)}")
        await hop.ended(connection.transactions[-1])
    tried = await _after_refusal(smtp, hop, 534)
    return holds(len(set(tried)) > 1, expected="another mechanism", seen=visible(b" ".join(tried)))
