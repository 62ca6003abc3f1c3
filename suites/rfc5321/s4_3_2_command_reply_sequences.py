"""RFC 5321 4.3.2 - Command-Reply Sequences."""

from __future__ import annotations

from conformance import (
    CRLF,
    Anomaly,
    At,
    Broken,
    Client,
    Exchange,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    not_refused_as,
    presume,
    recognised,
    refused,
    row,
    scenario,
    stuff,
    took,
    watch,
)


@watch("rfc5321/4.3.2/three-digits-2-to-5")
def watch_three_digits(exchange: Exchange) -> Observation | None:
    """Every line of every reply begins with three digits."""
    if Anomaly.BAD_CODE in exchange.reply.anomalies:
        return Broken("three digits at the beginning of each line", str(exchange.reply))
    return Held()


@scenario(
    "rfc5321/4.3.2/501-for-arguments",
    start=At.EHLO,
    line={"rset": b"RSET now", "quit": b"QUIT now", "data": row(b"DATA now", start=At.RCPT)},
    segments=["octets", "line-ends"],
)
async def argument_where_none_may_be_gets_501(line: bytes, smtp: Client, second: Client) -> Observation:
    """RSET, QUIT and DATA with an argument are answered with 501."""
    presume(recognised(await second.say(line.split()[0])))
    return answered(await smtp.say(line), {501})


ANY_COMMAND = frozenset({500, 501, 502, 504, 521, 530, 550, 556})
"""What any command can get: syntax (3060-3067), not implemented (2736-2739), policy (2830-2831, RFC 7504, RFC 4954)."""


def _listed(exchange: Exchange, verbs: set[str], codes: set[int]) -> Observation | None:
    """Whether a reply to one of these verbs is one of these codes, or one that any command can get.

    A 4yz belongs to circumstances that the table leaves out (3039-3041). So does a 503 without extensions: the
    greeting may have been 554 (976-979), and what comes before EHLO has a clause of its own. Nor does a 554 under TLS
    where no EHLO was taken: there any command gets it, for want of security (RFC 3207 §4.1). Submission servers refuse
    MAIL, RCPT and DATA with 554 where nothing says more (RFC 6409 §4.1). A 334 answers AUTH, and comes late,
    unless DATA is answered with it.
    """
    code = exchange.reply.code
    unlisted = not exchange.offers and (code == 503 or (code == 554 and exchange.secured))
    late = code == 334 and exchange.verb != "DATA"
    if exchange.verb not in verbs or exchange.reply.severity == 4 or unlisted or late:
        return None
    submitted = exchange.role == "submission" and exchange.verb in {"MAIL", "RCPT", "DATA"}
    if code in ANY_COMMAND or code in codes or (submitted and code == 554):
        return Held()
    return Broken(" or ".join(str(each) for each in sorted(codes)), f"{exchange.verb}: {exchange.reply}")


@watch("rfc5321/4.3.2/connection-replies")
def watch_replies_to_a_connection(exchange: Exchange) -> Observation | None:
    """A connection is answered with 220 or 554."""
    return _listed(exchange, {"CONNECT"}, {220, 554})


@watch("rfc5321/4.3.2/ehlo-helo-replies")
def watch_replies_to_ehlo_and_helo(exchange: Exchange) -> Observation | None:
    """EHLO and HELO are answered with 250, or refused with a code that any command can get."""
    if exchange.reply.code == 503:
        return None  # a second EHLO that is refused so has a clause of its own (4.1.4)
    return _listed(exchange, {"EHLO", "HELO"}, {250})


@watch("rfc5321/4.3.2/mail-replies")
def watch_replies_to_mail(exchange: Exchange) -> Observation | None:
    """MAIL is answered with 250, 503, 550, 552, 553 or 555."""
    return _listed(exchange, {"MAIL"}, {250, 503, 550, 552, 553, 555})


@watch("rfc5321/4.3.2/rcpt-replies")
def watch_replies_to_rcpt(exchange: Exchange) -> Observation | None:
    """RCPT is answered with 250, 251, 503, 550 to 553 or 555."""
    return _listed(exchange, {"RCPT"}, {250, 251, 503, 550, 551, 552, 553, 555})


@watch("rfc5321/4.3.2/data-replies")
def watch_replies_to_data(exchange: Exchange) -> Observation | None:
    """DATA and the end of the data are answered with 354, 503, 250, 550, 552 or 554."""
    return _listed(exchange, {"DATA"}, {354, 503, 250, 550, 552, 554})


@watch("rfc5321/4.3.2/rset-replies")
def watch_replies_to_rset(exchange: Exchange) -> Observation | None:
    """RSET is answered with 250."""
    return _listed(exchange, {"RSET"}, {250})


@watch("rfc5321/4.3.2/vrfy-replies")
def watch_replies_to_vrfy(exchange: Exchange) -> Observation | None:
    """VRFY is answered with 250, 251, 252, 502, 504, 550, 551 or 553."""
    return _listed(exchange, {"VRFY"}, {250, 251, 252, 502, 504, 550, 551, 553})


@watch("rfc5321/4.3.2/expn-replies")
def watch_replies_to_expn(exchange: Exchange) -> Observation | None:
    """EXPN is answered with 250, 252, 500, 502, 504 or 550."""
    return _listed(exchange, {"EXPN"}, {250, 252, 500, 502, 504, 550})


@watch("rfc5321/4.3.2/help-replies")
def watch_replies_to_help(exchange: Exchange) -> Observation | None:
    """HELP is answered with 211, 214, 502 or 504."""
    return _listed(exchange, {"HELP"}, {211, 214, 502, 504})


@watch("rfc5321/4.3.2/noop-replies")
def watch_replies_to_noop(exchange: Exchange) -> Observation | None:
    """NOOP is answered with 250."""
    return _listed(exchange, {"NOOP"}, {250})


@watch("rfc5321/4.3.2/quit-replies")
def watch_replies_to_quit(exchange: Exchange) -> Observation | None:
    """QUIT is answered with 221."""
    return _listed(exchange, {"QUIT"}, {221})


@scenario(
    "rfc5321/4.3.2/general-codes",
    start=At.EHLO,
    line={
        "ehlo": b"EHLO",
        "helo": b"HELO",
        "rcpt": row(b"RCPT TO:<", start=At.MAIL),
        "rcpt-without-brackets": row(b"RCPT TO:postmaster", start=At.MAIL),
        "vrfy": b"VRFY",
        "expn": b"EXPN",
    },
)
async def syntax_error_gets(line: bytes, smtp: Client) -> Observation:
    """Which code a command gets whose argument is missing, cut off, or without the brackets around it."""
    outcome = await smtp.say(line)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took(f"answers {outcome.code}", outcome)


@scenario("rfc5321/4.3.2/end-of-data-replies", start=At.EHLO, facts=["refused_content"])
async def refused_content_is_no_bad_sequence(smtp: Client, second: Client) -> Observation:
    """A message that is refused for what is in it is not said to have come out of sequence.

    The table has 503 for DATA itself, and not behind the 354 to it (3111-3119).
    """
    await second.deliver(second.message())
    await smtp.transaction()
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message_with(smtp.target.refused_content)) + b"." + CRLF)
    outcome = await smtp.reply()
    presume(refused(outcome))
    return not_refused_as(outcome, {503})


@scenario(
    "rfc5321/4.3.2/no-too-long-under-512", start=At.EHLO, verb={"noop": b"NOOP", "help": row(b"HELP", offers=["HELP"])}
)
async def line_under_512_octets_is_not_too_long(verb: bytes, smtp: Client, second: Client) -> Observation:
    """A command that is known with a short argument is not refused with 500 in a line of 511 octets."""
    presume(not_refused_as(await second.say(verb + b" argument"), {500}))
    return not_refused_as(await smtp.say(verb + b" " + b"x" * (511 - len(verb) - 3)), {500})


@scenario("rfc5321/4.3.2/extensions-change-sequences", start=At.EHLO, offers=["STARTTLS"])
async def starttls_changes_the_sequence(smtp: Client) -> Observation:
    """STARTTLS, which the table does not know, gets 220 and a handshake follows, or it is refused."""
    outcome = await smtp.say(b"STARTTLS")
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    return took("220, then the handshake" if outcome.code == 220 else f"answers {outcome.code}", outcome)
