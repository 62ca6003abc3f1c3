"""RFC 3207 4 - The STARTTLS Command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ssl import TLSVersion

from conformance import (
    At,
    Broken,
    Client,
    HandshakeFailed,
    Held,
    Observation,
    Outcome,
    Reply,
    Secured,
    Unclear,
    accepted,
    answered,
    carries_status,
    not_refused_as,
    presume,
    refused,
    row,
    scenario,
    stays_open,
    took,
)

DISAGREED = ("protocol version", "unsupported protocol", "handshake failure", "insufficient security", "certificate")
"""What OpenSSL says where two sides have no version, cipher or trust in common: nobody is wrong then."""

Step = Callable[[Client], Awaitable[Outcome]]


async def _mail(smtp: Client) -> Outcome:
    return await smtp.mail()


async def _rcpt(smtp: Client) -> Outcome:
    return await smtp.rcpt()


async def _data(smtp: Client) -> Outcome:
    return await smtp.data()


@scenario("rfc3207/4/501-with-parameters", start=At.EHLO, offers=["STARTTLS"])
async def argument_is_refused_with_501(smtp: Client) -> Observation:
    """STARTTLS with an argument is answered with 501."""
    return answered(await smtp.say(b"STARTTLS now"), {501})


@scenario(
    "rfc3207/4/501-with-parameters",
    start=At.EHLO,
    offers=["STARTTLS"],
    argument={"host": b"mail.example.test", "digit": b"1", "parameter": b"TLS=1.3", "words": b"now and here"},
)
async def any_argument_is_refused_with_501(argument: bytes, smtp: Client) -> Observation:
    """STARTTLS is answered with 501 whatever stands behind it."""
    return answered(await smtp.say(b"STARTTLS " + argument), {501})


@scenario("rfc5321/4.2.1/5yz-not-done", start=At.EHLO, offers=["STARTTLS"])
async def refused_starttls_leaves_the_session_in_clear(smtp: Client, second: Client) -> Observation:
    """After STARTTLS was refused for its argument, the next command is answered in clear."""
    presume(stays_open(await second.say(b"NOOP")))
    presume(refused(await smtp.say(b"STARTTLS now")))
    return stays_open(await smtp.say(b"NOOP"))


@scenario("rfc3207/4/reply-codes", start=(At.EHLO, At.MAIL, At.RCPT), offers=["STARTTLS"], verb={"upper": b"STARTTLS"})
async def starttls_is_answered_with_a_code_of_its_own(verb: bytes, smtp: Client) -> Observation:
    """STARTTLS gets 220 or 454 wherever a session stands, or a refusal that any command may get."""
    return answered(await smtp.say(verb), {220, 454, 500, 501, 502, 503, 554})


@scenario(
    "rfc3207/4/reply-codes", start=At.EHLO, offers=["STARTTLS"], verb={"lower": b"starttls", "mixed": b"StartTLS"}
)
async def starttls_in_any_case_is_the_same(verb: bytes, smtp: Client, second: Client) -> Observation:
    """STARTTLS gets its 220 in any case of its letters."""
    presume(accepted(await second.say(b"STARTTLS"), {220}))
    return accepted(await smtp.say(verb), {220})


@scenario(
    "rfc3207/4/220-then-handshake",
    start=At.EHLO,
    offers=["STARTTLS"],
    only={"any": None, "tls-1.2": TLSVersion.TLSv1_2, "tls-1.3": TLSVersion.TLSv1_3},
    tags=["starttls"],
)
async def handshake_follows_the_220(only: TLSVersion | None, smtp: Client) -> Observation:
    """After its 220 the server completes a handshake, or says that it has no version or cipher in common with us."""
    outcome = await smtp.try_starttls(only=only)
    match outcome:
        case Secured():
            return Held(str(outcome))
        case HandshakeFailed(_, alert) if any(word in alert.lower().replace("_", " ") for word in DISAGREED):
            return Unclear(str(outcome))
        case HandshakeFailed():
            return Broken("a TLS handshake", str(outcome))
        case _:
            return Unclear(str(outcome))


@scenario(
    "rfc5321/4.1.1.10/no-close-before-quit",
    start=At.EHLO,
    offers=["STARTTLS"],
    instead={
        "nothing": b"",
        "command": b"NOOP\r\n",
        "garbage": b"\x00\xff" * 40,
        "cut-client-hello": bytes.fromhex("160301020001000 1fc0303".replace(" ", "")),
        "alert": bytes.fromhex("15030100020228"),
    },
    tags=["starttls"],
)
async def failed_handshake_ends_no_other_session(instead: bytes, smtp: Client, second: Client) -> Observation:
    """A client that answers the 220 with something else, or leaves, takes no other session with it."""
    presume(stays_open(await second.say(b"NOOP")))
    presume(accepted(await smtp.say(b"STARTTLS"), {220}))
    await smtp.raw(instead)
    await smtp.pause()
    await smtp.drop()
    await second.pause()
    return stays_open(await second.say(b"NOOP"))


@scenario(
    "rfc3207/4/public-server-no-required-tls",
    start=At.EHLO,
    offers=["STARTTLS"],
    facts=["publicly_referenced", "mailboxes"],
    step={"mail": _mail, "rcpt": row(_rcpt, start=At.MAIL), "data": row(_data, start=At.RCPT)},
    tags=["starttls"],
)
async def public_server_takes_mail_in_clear(step: Step, smtp: Client, second: Client) -> Observation:
    """A public server that takes a step of a delivery under TLS takes it in clear too."""
    if not smtp.target.publicly_referenced:
        return Unclear("the target is not publicly referenced, and may ask for TLS")
    outcome = await step(smtp)
    if not (isinstance(outcome, Reply) and outcome.severity == 5):
        return accepted(outcome)
    await second.starttls()
    await second.introduce()
    for earlier in (_mail, _rcpt, _data):
        under_tls = await earlier(second)
        presume(accepted(under_tls))
        if earlier is step:
            break
    return Broken("the step taken in clear as under TLS", str(outcome))


SERVED_IN_CLEAR = {"noop": b"NOOP", "quit": b"QUIT", "starttls": b"STARTTLS"}
REFUSED_IN_CLEAR = {
    "mail": b"MAIL FROM:<>",
    "rcpt": b"RCPT TO:<postmaster>",
    "data": b"DATA",
    "rset": b"RSET",
    "vrfy": b"VRFY postmaster",
}


async def _in_clear(smtp: Client) -> None:
    """Introduce ourselves and stay in clear."""
    presume(accepted(await smtp.ehlo()))


@scenario("rfc3207/4/530-before-tls", start=At.GREETING, facts=["starttls_required"], line=REFUSED_IN_CLEAR)
async def command_in_clear_gets_530(line: bytes, smtp: Client) -> Observation:
    """Where TLS is required a command in clear is answered with 530."""
    await _in_clear(smtp)
    return answered(await smtp.say(line), {530})


@scenario(
    "rfc3207/4/530-before-tls",
    start=At.GREETING,
    facts=["starttls_required"],
    line={"expn": b"EXPN postmaster", "help": b"HELP", "bdat": b"BDAT 0 LAST", "turn": b"TURN"},
)
async def optional_command_in_clear_gets_530(line: bytes, smtp: Client) -> Observation:
    """Where TLS is required an optional command in clear gets 530 too, or is not known."""
    await _in_clear(smtp)
    return answered(await smtp.say(line), {500, 502, 530})


@scenario("rfc3207/4/530-spares-four-commands", start=At.GREETING, facts=["starttls_required"], line=SERVED_IN_CLEAR)
async def command_for_the_clear_is_served(line: bytes, smtp: Client) -> Observation:
    """Where TLS is required NOOP, QUIT and STARTTLS are served in clear."""
    await _in_clear(smtp)
    return not_refused_as(await smtp.say(line), {530})


@scenario("rfc3207/4/530-spares-four-commands", start=At.GREETING, facts=["starttls_required"])
async def ehlo_in_clear_is_served(smtp: Client) -> Observation:
    """Where TLS is required EHLO is served in clear."""
    return not_refused_as(await smtp.ehlo(), {530})


@scenario("rfc3207/4/private-requires-tls", start=At.GREETING, facts=["starttls_required"])
async def private_server_may_require_tls(smtp: Client) -> Observation:
    """A server that is not publicly referenced asks for TLS before MAIL, or does not."""
    await _in_clear(smtp)
    outcome = await smtp.mail()
    return took("asks for TLS" if isinstance(outcome, Reply) and outcome.severity == 5 else "serves in clear", outcome)


@scenario(
    "rfc3207/4/530-status-5-7-0",
    start=At.GREETING,
    offers=["ENHANCEDSTATUSCODES"],
    facts=["starttls_required"],
    line={"mail": b"MAIL FROM:<>", "vrfy": b"VRFY postmaster"},
)
async def refusal_in_clear_has_a_status(line: bytes, smtp: Client) -> Observation:
    """The 530 that asks for STARTTLS carries 5.7.0 where enhanced status codes are offered."""
    await _in_clear(smtp)
    if "ENHANCEDSTATUSCODES" not in smtp.offers:
        return Unclear("no enhanced status codes in clear")
    return carries_status(await smtp.say(line), 530, {"5.7.0"})


@scenario(
    "rfc3207/4/refuse-relay-by-identity",
    start=At.EHLO,
    offers=["STARTTLS"],
    facts=["relay_domains"],
    tags=["starttls"],
    certified={"no-certificate": False},
)
async def relaying_may_need_a_certificate(certified: bool, smtp: Client, second: Client) -> Observation:
    """A recipient for whom the server relays in clear is taken under TLS from a client that shows nothing, or not."""
    path = b"<%b@%b>" % (smtp.token.encode("ascii"), smtp.target.relay_domains[0].encode("ascii"))
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt(path)))
    await smtp.starttls(certified=certified)
    await smtp.introduce()
    presume(accepted(await smtp.mail()))
    outcome = await smtp.rcpt(path)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("relays" if outcome.severity == 2 else "does not relay", outcome)


@scenario(
    "rfc3207/4/private-refuses-by-identity",
    roles=["submission"],
    start=At.EHLO,
    offers=["STARTTLS"],
    tags=["starttls"],
)
async def submission_may_need_a_certificate(smtp: Client, second: Client) -> Observation:
    """A submission server takes mail under TLS from a client that shows no certificate as in clear, or not."""
    presume(accepted(await second.mail()))
    await smtp.starttls()
    await smtp.introduce()
    if smtp.target.auth_required:
        await smtp.authenticate()
    outcome = await smtp.mail()
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("takes mail" if outcome.severity == 2 else "takes no mail", outcome)
