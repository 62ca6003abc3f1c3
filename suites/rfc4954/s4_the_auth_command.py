"""RFC 4954 4 - The AUTH Command: which one is taken, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Unclear,
    accepted,
    answered,
    carries_status,
    not_refused_as,
    one_reply,
    presume,
    refused,
    row,
    scenario,
    succeeds_with,
    took,
)

WRONG = b"AG5vYm9keQB3cm9uZw=="
"""PLAIN for the user nobody with the password wrong."""

Way = Callable[[Client], Awaitable[None]]


@dataclass(frozen=True)
class Attempt:
    """One way to authenticate."""

    mechanism: str
    initial: bool = True


ATTEMPTS = {
    "plain-initial": row(Attempt("PLAIN"), offers=["AUTH PLAIN"]),
    "plain-challenged": row(Attempt("PLAIN", initial=False), offers=["AUTH PLAIN"]),
    "login": row(Attempt("LOGIN"), offers=["AUTH LOGIN"]),
    "cram-md5": row(Attempt("CRAM-MD5"), offers=["AUTH CRAM-MD5"]),
    "scram-sha-256-initial": row(Attempt("SCRAM-SHA-256"), offers=["AUTH SCRAM-SHA-256"]),
    "scram-sha-256-challenged": row(Attempt("SCRAM-SHA-256", initial=False), offers=["AUTH SCRAM-SHA-256"]),
    "digest-md5": row(Attempt("DIGEST-MD5"), offers=["AUTH DIGEST-MD5"]),
}


@scenario(
    "rfc4954/4/supported-mechanism-runs",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials"],
    attempt=ATTEMPTS,
)
async def right_credentials_are_taken(attempt: Attempt, smtp: Client, second: Client) -> Observation:
    """Credentials that serve elsewhere serve in this mechanism too, with an initial response and without."""
    await _authenticate_otherwise(second, attempt)
    outcome = await smtp.try_authenticate(attempt.mechanism, initial=attempt.initial)
    credentials = smtp.target.credentials
    needs_a_password_in_clear = attempt.mechanism in {"CRAM-MD5", "SCRAM-SHA-256", "DIGEST-MD5"}
    if needs_a_password_in_clear and not (credentials and attempt.mechanism in credentials.mechanisms):
        # A server that keeps another hash of this user's password than the mechanism needs is right to refuse.
        return succeeds_with(outcome, {235})
    if attempt.mechanism == "DIGEST-MD5" and len(smtp.host_names) != 1:
        # It says which host it wants, and who doubts that is right to refuse (RFC 2831 §2.1.2).
        return succeeds_with(outcome, {235})
    return accepted(outcome, {235})


async def _authenticate_otherwise(second: Client, attempt: Attempt) -> None:
    """The control: the credentials serve in another way, so that it is not they that are wrong."""
    if attempt.mechanism == "PLAIN":
        presume(accepted(await second.try_authenticate("PLAIN", initial=not attempt.initial), {235}))
    else:
        await second.authenticate()


@scenario("rfc4954/4/235-on-success", start=At.UNAUTHENTICATED, offers=["AUTH"], facts=["credentials"])
async def success_gets_235(smtp: Client) -> Observation:
    """A successful exchange ends with 235."""
    return succeeds_with(await smtp.try_authenticate(), {235})


async def _rset(smtp: Client) -> None:
    presume(accepted(await smtp.say(b"RSET")))


async def _noop(smtp: Client) -> None:
    presume(accepted(await smtp.say(b"NOOP")))


async def _ehlo(smtp: Client) -> None:
    presume(accepted(await smtp.ehlo()))


async def _message(smtp: Client) -> None:
    await smtp.deliver()


async def _nothing(smtp: Client) -> None:
    del smtp


@scenario(
    "rfc4954/4/second-auth-503",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials"],
    way={"at-once": _nothing, "after-noop": _noop, "after-rset": _rset, "after-ehlo": _ehlo, "after-message": _message},
)
async def authentication_lasts(way: Way, smtp: Client) -> Observation:
    """Once authenticated, always authenticated: the next AUTH gets 503, whatever came between."""
    await smtp.authenticate()
    await way(smtp)
    return answered(await smtp.say(b"AUTH PLAIN"), {503})


@scenario(
    "rfc4954/4/second-auth-503",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials"],
    line={
        "login": b"AUTH LOGIN",
        "cram-md5": b"AUTH CRAM-MD5",
        "unknown": b"AUTH XBOGUS",
        "with-initial-response": b"AUTH PLAIN " + WRONG,
    },
)
async def second_auth_gets_503(line: bytes, smtp: Client) -> Observation:
    """After a successful AUTH every other one is refused with 503, whatever its mechanism."""
    await smtp.authenticate()
    return answered(await smtp.say(line), {503})


@scenario("rfc4954/4/second-auth-503", start=At.UNAUTHENTICATED, offers=["AUTH"], facts=["credentials"])
async def third_auth_gets_503_too(smtp: Client) -> Observation:
    """The refusal of a second AUTH does not undo the first."""
    await smtp.authenticate()
    presume(answered(await smtp.say(b"AUTH PLAIN"), {503}))
    return answered(await smtp.say(b"AUTH PLAIN"), {503})


@scenario(
    "rfc3207/4.2/discard-client-knowledge",
    start=At.UNAUTHENTICATED,
    offers=["AUTH", "STARTTLS"],
    facts=["credentials"],
    tags=["starttls"],
)
async def starttls_forgets_the_authentication(smtp: Client) -> Observation:
    """An AUTH given in clear is gone after the handshake: the next one is not refused as a second one."""
    await smtp.authenticate()
    presume(answered(await smtp.say(b"AUTH PLAIN"), {503}))
    await smtp.starttls()
    presume(accepted(await smtp.ehlo()))
    if not smtp.mechanisms:
        return Unclear("AUTH is not offered under TLS")
    return not_refused_as(await smtp.say(b"AUTH " + smtp.mechanisms[0].encode("ascii")), {503})


async def _mail(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))


async def _rcpt(smtp: Client) -> None:
    await smtp.transaction()


IN_TRANSACTION = {
    "mail": (_mail, b"AUTH PLAIN"),
    "rcpt": (_rcpt, b"AUTH PLAIN"),
    "mail-with-initial-response": (_mail, b"AUTH PLAIN " + WRONG),
    "rcpt-with-initial-response": (_rcpt, b"AUTH PLAIN " + WRONG),
    "mail-login": (_mail, b"AUTH LOGIN"),
}


@scenario(
    "rfc4954/4/auth-in-transaction-503",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["not auth_required"],
    cell=IN_TRANSACTION,
)
async def auth_in_a_transaction_gets_503(cell: tuple[Way, bytes], smtp: Client) -> Observation:
    """AUTH between MAIL and the end of the mail data is refused with 503."""
    way, line = cell
    await way(smtp)
    return answered(await smtp.say(line), {503})


@scenario(
    "rfc5321/4.1.4/out-of-order-keeps-state",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["not auth_required"],
)
async def refused_auth_keeps_the_transaction(smtp: Client) -> Observation:
    """The transaction in which an AUTH was refused goes on."""
    presume(refused(await smtp.rcpt()))  # else RCPT tells nothing about the state
    await smtp.transaction()
    presume(answered(await smtp.say(b"AUTH PLAIN"), {503}))
    return accepted(await smtp.rcpt())


async def _greeted(smtp: Client) -> None:
    del smtp


async def _helo(smtp: Client) -> None:
    presume(accepted(await smtp.say(b"HELO " + smtp.helo_name)))


@scenario(
    "rfc5321/4.2/one-reply", start=At.GREETING, offers=["AUTH"], way={"before-ehlo": _greeted, "after-helo": _helo}
)
async def auth_where_it_was_not_offered_brings_one_reply(way: Way, smtp: Client) -> Observation:
    """AUTH before EHLO or after HELO is answered once; what the answer is, no line says."""
    await way(smtp)
    await smtp.raw(b"AUTH PLAIN " + WRONG + b"\r\n")
    return one_reply(await smtp.replies_until_quit())


UNKNOWN = {
    "unknown": b"AUTH XBOGUS",
    "with-initial-response": b"AUTH XBOGUS " + WRONG,
    "begins-like-plain": b"AUTH PLAINER",
    "ends-like-plain": b"AUTH XPLAIN",
}


@scenario("rfc4954/4/invalid-mechanism-504", start=At.UNAUTHENTICATED, offers=["AUTH"], line=UNKNOWN)
async def unknown_mechanism_gets_504(line: bytes, smtp: Client) -> Observation:
    """A mechanism that is not there is refused with 504."""
    return answered(await smtp.say(line), {504})


@scenario("rfc4954/4/invalid-mechanism-5-5-4", start=At.UNAUTHENTICATED, offers=["AUTH", "ENHANCEDSTATUSCODES"])
async def unknown_mechanism_gets_5_5_4(smtp: Client) -> Observation:
    """The 504 for an unknown mechanism carries 5.5.4."""
    return carries_status(await smtp.say(b"AUTH XBOGUS"), 504, {"5.5.4"})


RIGHT_AFTER = {
    "wrong-credentials": b"AUTH PLAIN " + WRONG,
    "unknown-mechanism": b"AUTH XBOGUS",
    "bad-base64": b"AUTH PLAIN #",
}


@scenario(
    "rfc4954/4/supported-mechanism-runs",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["credentials"],
    line=RIGHT_AFTER,
)
async def right_credentials_are_taken_after_a_failure(line: bytes, smtp: Client, second: Client) -> Observation:
    """An AUTH that failed leaves the way open for one that succeeds."""
    await second.authenticate()
    presume(refused(await smtp.say(line)))
    return accepted(await smtp.try_authenticate(), {235})


@scenario("rfc4954/4/pipelined-exception", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN", "PIPELINING"])
async def command_behind_a_whole_exchange(smtp: Client) -> Observation:
    """A command in one group with an AUTH that needs no challenge is served, or it is not."""
    await smtp.raw(b"AUTH PLAIN " + WRONG + b"\r\nNOOP\r\n")
    presume(refused(await smtp.reply()))
    outcome = await smtp.reply()
    served = accepted(outcome)
    if isinstance(served, Unclear):
        return served
    return took("serves it" if isinstance(served, Held) else "refuses it", outcome)


@scenario("rfc4954/4/cram-md5", start=At.UNAUTHENTICATED, offers=["AUTH"])
async def server_may_have_cram_md5(smtp: Client) -> Observation:
    """A server with AUTH has CRAM-MD5, and begins its exchange, or does not have it."""
    if "CRAM-MD5" not in smtp.mechanisms:
        return took("has no CRAM-MD5", " ".join(smtp.mechanisms))
    outcome = await smtp.say(b"AUTH CRAM-MD5")
    presume(answered(outcome, {334}))
    return took("has CRAM-MD5", outcome)
