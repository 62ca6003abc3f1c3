"""RFC 4954 4 - The AUTH Command: challenges, responses and how the exchange ends."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from conformance import (
    Anomaly,
    At,
    Client,
    Closed,
    Held,
    Observation,
    Outcome,
    Reply,
    Reset,
    Unclear,
    accepted,
    answered,
    carries_status,
    holds,
    not_refused_as,
    one_reply,
    presume,
    refused,
    row,
    scenario,
    succeeds_with,
    took,
)

MECHANISMS = {
    "plain": row(b"AUTH PLAIN", offers=["AUTH PLAIN"]),
    "login": row(b"AUTH LOGIN", offers=["AUTH LOGIN"]),
    "cram-md5": row(b"AUTH CRAM-MD5", offers=["AUTH CRAM-MD5"]),
    "scram-sha-256": row(b"AUTH SCRAM-SHA-256", offers=["AUTH SCRAM-SHA-256"]),
    "digest-md5": row(b"AUTH DIGEST-MD5", offers=["AUTH DIGEST-MD5"]),
}
CLIENT_FIRST = {name: MECHANISMS[name] for name in ("plain", "scram-sha-256")}

NOT_BASE64 = {
    "foreign-hash": b"####",
    "foreign-url-safe": b"AA-_",
    "foreign-asterisk": b"AA*A",
    "foreign-skipped": b"AG5vYm9k!eQB3cm9uZw==",
    "pad-first": b"=AAA",
    "pad-inside": b"AG5vYm9k=eQB3cm9uZw=",
    "pad-between": b"AAA=BBB=",
}
"""The code is fixed for all of them (lines 235-236), whatever makes them what they are."""

Spoilt = Callable[[bytes], bytes]
FOREIGN = "rfc4954/4/foreign-characters-refused"
MISPLACED = "rfc4954/4/misplaced-pad-refused"
SPOILT = {
    "foreign-first": row(lambda encoded: b"!" + encoded, FOREIGN),
    "foreign-inside": row(lambda encoded: encoded[:4] + b"#" + encoded[4:], FOREIGN),
    "foreign-last": row(lambda encoded: encoded + b"*", FOREIGN),
    "pad-first": row(lambda encoded: b"=" + encoded, MISPLACED),
    "pad-inside": row(lambda encoded: encoded[:4] + b"=" + encoded[4:], MISPLACED),
}
"""Right credentials in base64, with a character that is none or in the wrong place: who skips it lets the client in."""


def _plain(user: bytes, password: bytes) -> bytes:
    return base64.b64encode(b"\0" + user + b"\0" + password)


async def _challenged(smtp: Client, line: bytes) -> Reply:
    """The challenge that the AUTH command brings."""
    outcome = await smtp.say(line)
    presume(answered(outcome, {334}))
    assert isinstance(outcome, Reply)
    return outcome


@scenario("rfc4954/4/cancel-501", start=At.UNAUTHENTICATED, offers=["AUTH"], line=MECHANISMS)
async def cancelled_exchange_gets_501(line: bytes, smtp: Client) -> Observation:
    """An asterisk in the place of a response ends the exchange with 501."""
    await _challenged(smtp, line)
    return answered(await smtp.say(b"*"), {501})


@scenario("rfc4954/4/cancel-501", start=At.UNAUTHENTICATED, offers=["AUTH LOGIN"])
async def exchange_can_be_cancelled_at_the_second_challenge(smtp: Client) -> Observation:
    """An asterisk in the place of the password ends the exchange with 501."""
    await _challenged(smtp, b"AUTH LOGIN")
    await _challenged(smtp, base64.b64encode(b"nobody"))
    return answered(await smtp.say(b"*"), {501})


@scenario("rfc4954/4/cancel-501", start=At.UNAUTHENTICATED, offers=["AUTH"], line=MECHANISMS)
async def cancelled_exchange_is_over(line: bytes, smtp: Client) -> Observation:
    """What comes after the asterisk is a command again."""
    presume(accepted(await smtp.say(b"NOOP")))
    await _challenged(smtp, line)
    presume(refused(await smtp.say(b"*")))
    return accepted(await smtp.say(b"NOOP"))


@scenario("rfc4954/4/client-first-without-initial", start=At.UNAUTHENTICATED, offers=["AUTH"], line=CLIENT_FIRST)
async def missing_initial_response_is_asked_for(line: bytes, smtp: Client) -> Observation:
    """AUTH without an initial response gets a challenge, where the client speaks first in the mechanism."""
    return answered(await smtp.say(line), {334})


@scenario("rfc4954/4/empty-challenge-form", start=At.UNAUTHENTICATED, offers=["AUTH"], line=CLIENT_FIRST)
async def empty_challenge_has_its_form(line: bytes, smtp: Client) -> Observation:
    """An empty challenge is 334 and a space."""
    reply = await _challenged(smtp, line)
    return holds(reply.lines[-1].content == b"334 ", expected="334 and a space", seen=reply)


@scenario("rfc4954/4/challenge-base64-only", start=At.UNAUTHENTICATED, offers=["AUTH"], line=MECHANISMS)
async def challenge_is_base64(line: bytes, smtp: Client) -> Observation:
    """The text of a challenge is base64 and nothing else."""
    reply = await _challenged(smtp, line)
    return holds(len(reply.lines) == 1 and _is_base64(reply.text), expected="base64 alone", seen=reply)


@scenario("rfc4954/4/challenge-is-334", start=At.UNAUTHENTICATED, offers=["AUTH"], line=MECHANISMS)
async def challenge_has_the_code_334(line: bytes, smtp: Client) -> Observation:
    """What begins an exchange is a reply with the code 334."""
    return succeeds_with(await smtp.say(line), {334})


@scenario("rfc4954/4/challenge-is-334", start=At.UNAUTHENTICATED, offers=["AUTH LOGIN"])
async def second_challenge_has_the_code_334(smtp: Client) -> Observation:
    """The second challenge is a reply with the code 334 too."""
    await _challenged(smtp, b"AUTH LOGIN")
    return succeeds_with(await smtp.say(base64.b64encode(b"nobody")), {334})


@scenario("rfc4954/4/challenge-is-334", start=At.UNAUTHENTICATED, offers=["AUTH CRAM-MD5"])
async def challenge_says_what_the_mechanism_says(smtp: Client) -> Observation:
    """The challenge of CRAM-MD5 is the base64 form of something in angle brackets (RFC 2195 §2)."""
    reply = await _challenged(smtp, b"AUTH CRAM-MD5")
    presume(holds(_is_base64(reply.text), expected="base64", seen=reply))
    said = base64.b64decode(reply.text)
    return holds(said.startswith(b"<") and said.endswith(b">"), expected="<a message id>", seen=said)


@scenario(
    "rfc4954/4/no-data-with-success",
    start=At.UNAUTHENTICATED,
    offers=["AUTH SCRAM-SHA-256"],
    facts=["credentials"],
    initial={"initial-response": True, "challenged": False},
)
async def proof_of_the_server_comes_in_a_challenge(initial: bool, smtp: Client) -> Observation:
    """The server's last word in SCRAM, which shows that it knows the password, is a challenge before the 235."""
    presume(accepted(await smtp.try_authenticate("SCRAM-SHA-256", initial=initial), {235}))
    said = [base64.b64decode(reply.text) for reply in smtp.challenges]
    proofs = [each for each in said if each.startswith(b"v=")]
    return holds(bool(proofs), expected="a challenge with the server's signature", seen=f"{len(said)} challenges")


def _is_base64(octets: bytes) -> bool:
    try:
        base64.b64decode(octets, validate=True)
    except binascii.Error:
        return False
    return True


@scenario("rfc4954/4/challenge-base64-only", start=At.UNAUTHENTICATED, offers=["AUTH LOGIN"])
async def second_challenge_is_base64(smtp: Client) -> Observation:
    """The text of the second challenge is base64 and nothing else, too."""
    await _challenged(smtp, b"AUTH LOGIN")
    reply = await _challenged(smtp, base64.b64encode(b"nobody"))
    return holds(len(reply.lines) == 1 and _is_base64(reply.text), expected="base64 alone", seen=reply)


@scenario("rfc4954/4/bad-base64-501", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"], response=NOT_BASE64)
async def response_that_is_not_base64_gets_501(response: bytes, smtp: Client) -> Observation:
    """A response that is not base64 is refused with 501."""
    await _challenged(smtp, b"AUTH PLAIN")
    return answered(await smtp.say(response), {501})


@scenario("rfc4954/4/bad-base64-501", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"], response=NOT_BASE64)
async def initial_response_that_is_not_base64_gets_501(response: bytes, smtp: Client) -> Observation:
    """An initial response that is not base64 is refused with 501."""
    return answered(await smtp.say(b"AUTH PLAIN " + response), {501})


@scenario(
    "rfc4954/4/foreign-characters-refused",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    facts=["credentials"],
    spoilt=SPOILT,
)
async def right_credentials_in_bad_base64_are_refused(spoilt: Spoilt, smtp: Client, second: Client) -> Observation:
    """A character that has no place in base64 is not skipped: credentials that are right without it are refused."""
    presume(accepted(await second.try_authenticate("PLAIN"), {235}))
    response = spoilt(_plain(*smtp.credentials))
    smtp.secret(response)
    await _challenged(smtp, b"AUTH PLAIN")
    return refused(await smtp.say(response))


@scenario("rfc4954/4/bad-base64-501", start=At.UNAUTHENTICATED, offers=["AUTH LOGIN"])
async def second_response_that_is_not_base64_gets_501(smtp: Client) -> Observation:
    """A second response that is not base64 is refused with 501, as the first is."""
    await _challenged(smtp, b"AUTH LOGIN")
    await _challenged(smtp, base64.b64encode(b"nobody"))
    return answered(await smtp.say(b"####"), {501})


@scenario("rfc4954/4/bad-base64-5-5-2", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN", "ENHANCEDSTATUSCODES"])
async def response_that_is_not_base64_gets_5_5_2(smtp: Client) -> Observation:
    """The 501 for what is not base64 carries 5.5.2."""
    await _challenged(smtp, b"AUTH PLAIN")
    return carries_status(await smtp.say(b"####"), 501, {"5.5.2"})


@scenario("rfc4954/4/bad-base64-501", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"])
async def exchange_is_over_after_bad_base64(smtp: Client) -> Observation:
    """What comes after the refusal of a response is a command again."""
    presume(accepted(await smtp.say(b"NOOP")))
    await _challenged(smtp, b"AUTH PLAIN")
    presume(refused(await smtp.say(b"####")))
    return accepted(await smtp.say(b"NOOP"))


@scenario("rfc4954/4/initial-for-server-first-501", start=At.UNAUTHENTICATED, offers=["AUTH CRAM-MD5"])
async def initial_response_where_the_server_speaks_first_gets_501(smtp: Client) -> Observation:
    """CRAM-MD5 with an initial response is refused with 501."""
    return answered(await smtp.say(b"AUTH CRAM-MD5 bm9ib2R5"), {501})


@scenario(
    "rfc4954/4/initial-for-server-first-5-7-0",
    start=At.UNAUTHENTICATED,
    offers=["AUTH CRAM-MD5", "ENHANCEDSTATUSCODES"],
)
async def initial_response_where_the_server_speaks_first_gets_5_7_0(smtp: Client) -> Observation:
    """The 501 for an initial response that has no place carries 5.7.0."""
    return carries_status(await smtp.say(b"AUTH CRAM-MD5 bm9ib2R5"), 501, {"5.7.0"})


@scenario("rfc4954/4/equals-sign-is-empty", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"])
async def equals_sign_is_an_empty_response(smtp: Client) -> Observation:
    """An equals sign is the response itself, so PLAIN does not ask for one; and without a password it fails."""
    return refused(await smtp.say(b"AUTH PLAIN ="))


WRONG = {
    "without-pad": _plain(b"nobody", b"wrong12"),
    "one-pad": _plain(b"nobody", b"wrong1"),
    "two-pads": _plain(b"nobody", b"wrong"),
    "plus-and-slash": _plain(b"nobody", b"~\x3f\x3e~\x7f\x7e\x7e?"),
    "utf-8": _plain("nübody".encode(), "wröng".encode()),
    "with-authorization-identity": base64.b64encode(b"nobody\0nobody\0wrong"),
}


@scenario("rfc4954/4/535-on-failure", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"], response=WRONG)
async def wrong_credentials_get_535(response: bytes, smtp: Client) -> Observation:
    """Credentials of nobody in an initial response are refused as such, in every form that base64 can have."""
    return answered(await smtp.say(b"AUTH PLAIN " + response), {535, 534, 538})


WRONG_BY = {
    "plain": row("PLAIN", offers=["AUTH PLAIN"]),
    "login": row("LOGIN", offers=["AUTH LOGIN"]),
    "cram-md5": row("CRAM-MD5", offers=["AUTH CRAM-MD5"]),
    "scram-sha-256": row("SCRAM-SHA-256", offers=["AUTH SCRAM-SHA-256"]),
    "digest-md5": row("DIGEST-MD5", offers=["AUTH DIGEST-MD5"]),
}


@scenario("rfc4954/4/535-on-failure", start=At.UNAUTHENTICATED, offers=["AUTH"], mechanism=WRONG_BY)
async def unknown_user_gets_535(mechanism: str, smtp: Client) -> Observation:
    """A user that does not exist is refused with 535 by each mechanism."""
    return answered(await _wrong(smtp, mechanism, b"nobody"), {535, 534, 538})


@scenario(
    "rfc4954/4/535-on-failure", start=At.UNAUTHENTICATED, offers=["AUTH"], facts=["credentials"], mechanism=WRONG_BY
)
async def wrong_password_gets_535(mechanism: str, smtp: Client) -> Observation:
    """A user that exists is refused with 535 under a wrong password."""
    user, _ = smtp.credentials
    return answered(await _wrong(smtp, mechanism, user), {535, 534, 538})


async def _wrong(smtp: Client, mechanism: str, user: bytes) -> Outcome:
    return await smtp.try_authenticate(mechanism, initial=False, user=user, password=b"not-the-password")


@scenario(
    "rfc4954/4/long-responses-handled",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    sizes={"255-255": (255, 255), "255-1": (255, 1), "1-255": (1, 255)},
)
async def response_as_long_as_plain_can_be_is_handled(sizes: tuple[int, int], smtp: Client) -> Observation:
    """A user and a password of 255 octets, which PLAIN allows, do not make the line too long."""
    user, password = sizes
    await _challenged(smtp, b"AUTH PLAIN")
    return not_refused_as(await smtp.say(_plain(b"u" * user, b"p" * password)), {500})


@scenario("rfc4954/4/long-responses-handled", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"])
async def three_identities_of_255_octets_are_handled(smtp: Client) -> Observation:
    """All three parts of PLAIN at 255 octets make a line of 1024, which is not too long."""
    await _challenged(smtp, b"AUTH PLAIN")
    parts = (b"z" * 255, b"u" * 255, b"p" * 255)
    return not_refused_as(await smtp.say(base64.b64encode(b"\0".join(parts))), {500})


@scenario(
    "rfc4954/4/length-independent-of-commands",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    octets={"514": 514, "768": 768, "1024": 1024},
)
async def response_may_be_longer_than_commands(octets: int, smtp: Client) -> Observation:
    """A response of PLAIN in a line that is longer than commands have to be is not too long."""
    await _challenged(smtp, b"AUTH PLAIN")
    parts = b"\0".join((b"z" * 255, b"u" * 255, b"p" * 255))[-(octets // 4 * 3) :]
    return not_refused_as(await smtp.say(base64.b64encode(parts)), {500})


@scenario(
    "rfc4954/4/12288-suffices",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    size={"over-12288": 12290, "16384": 16384},
)
async def server_may_take_no_longer_lines(size: int, smtp: Client) -> Observation:
    """A response in a line of more than 12288 octets is too long for the server, or it is read."""
    await _challenged(smtp, b"AUTH PLAIN")
    outcome = await smtp.say(b"QUJD" * (size // 4))
    if not isinstance(outcome, Reply) or outcome.severity != 5:
        return Unclear(str(outcome))
    if outcome.code == 500:
        return took("is too long", outcome)
    return took("is read" if outcome.code in {501, 534, 535} else "is refused in another way", outcome)


@scenario(
    "rfc4954/4/too-long-500",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    size={"over-12288": 12290, "16384": 16384, "65536": 65536},
)
async def over_long_response_brings_one_reply(size: int, smtp: Client) -> Observation:
    """A response longer than 12288 octets is one line and gets one reply, whatever the buffer is."""
    await _challenged(smtp, b"AUTH PLAIN")
    await smtp.raw(b"QUJD" * (size // 4) + b"\r\n")
    return one_reply(await smtp.replies_until_quit())


@scenario("rfc4954/4/too-long-500", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"])
async def over_long_response_fails(smtp: Client) -> Observation:
    """A response of 64 KiB does not succeed and brings no further challenge."""
    await _challenged(smtp, b"AUTH PLAIN")
    outcome = await smtp.say(b"QUJD" * 16384)
    cut_off = isinstance(outcome, Reply) and outcome.severity == 5 and Anomaly.TRUNCATED in outcome.anomalies
    if cut_off or isinstance(outcome, Closed | Reset):
        # Who closes with much unread may cut the refusal off, or swallow it; the AUTH has failed all the same.
        return Held(str(outcome), confirm=True)
    return refused(outcome)


@scenario("rfc4954/4/too-long-5-5-6", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN", "ENHANCEDSTATUSCODES"])
async def over_long_response_gets_5_5_6(smtp: Client) -> Observation:
    """The 500 for a response that is too long carries 5.5.6."""
    await _challenged(smtp, b"AUTH PLAIN")
    return carries_status(await smtp.say(b"QUJD" * 16384), 500, {"5.5.6"})
