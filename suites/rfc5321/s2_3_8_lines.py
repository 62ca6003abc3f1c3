"""RFC 5321 2.3.8 - Lines."""

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
    Segmentation,
    Silence,
    Unclear,
    one_message,
    one_reply,
    presume,
    replies_to_lines,
    row,
    scenario,
    took,
    watch,
)

NOT_LINE_ENDS = {
    "lf": b"\n",
    "cr": b"\r",
    "lf-cr": b"\n\r",
    "nul": b"\0",
    "vt": b"\x0b",
    "ff": b"\x0c",
    "rs": b"\x1e",
    "nel": b"\x85",
    "utf-8-nel": "\u0085".encode(),
    "utf-8-line-separator": "\u2028".encode(),
}
"""What some systems take for the end of a line."""


@scenario("rfc5321/2.3.8/only-crlf", start=At.EHLO, end=NOT_LINE_ENDS, segments=["octets"])
async def bare_line_end_does_not_end_a_command(end: bytes, smtp: Client) -> Observation:
    """Two commands with a bare CR, a bare LF or the like between them are one line, and bring one reply."""
    await smtp.raw(b"NOOP one" + end + b"NOOP two\r\n")
    return one_reply(await smtp.replies_until_quit())


LOOK_ALIKES = {
    "lf-dot-lf": b"\n.\n",
    "lf-dot-cr": b"\n.\r",
    "cr-dot-lf": b"\r.\n",
    "cr-dot-cr": b"\r.\r",
    "lf-dot-crlf": b"\n.\r\n",
    "cr-dot-crlf": b"\r.\r\n",
    "crlf-dot-cr-crlf": b"\r\n.\r\r\n",
    "cr-crlf-dot-cr-crlf": b"\r\r\n.\r\r\n",
    "crlf-nul-dot-crlf": b"\r\n\0.\r\n",
    "crlf-dot-lf": b"\r\n.\n",
    "crlf-dot-cr": b"\r\n.\r",
    "crlf-dot-nul-crlf": b"\r\n.\0\r\n",
}
"""What looks like the end of mail data (4.1.1.4), here between two commands."""


@scenario("rfc5321/2.3.8/only-crlf", start=At.EHLO, between=LOOK_ALIKES, segments=["octets"])
async def commands_end_at_crlf_alone(between: bytes, smtp: Client, second: Client) -> Observation:
    """Of the bare and whole line ends between two commands only the whole ones end a line, each with a reply."""
    second.connection.segmentation = Segmentation.WHOLE
    await second.raw(b"NOOP one" + CRLF + b"NOOP two" + CRLF)  # some servers take no more than one line at a time
    presume(replies_to_lines(await second.replies_until_quit(2), 2))
    octets = b"NOOP one" + between + b"NOOP two" + CRLF
    lines = octets.count(CRLF)
    await smtp.raw(octets)
    outcomes = await smtp.replies_until_quit(lines)
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    if len(replies) <= lines and any(isinstance(outcome, Silence) for outcome in outcomes):
        return Unclear(f"a line went unanswered, and none was taken for two: {' | '.join(map(str, outcomes))}")
    return replies_to_lines(outcomes, lines)


@scenario(
    "rfc5321/2.3.8/only-crlf-in-mail-data",
    start=At.DATA,
    end={
        name: row(end, "rfc5321/4.1.1.4/no-bare-lf-lines") if b"\n" in end else end
        for name, end in NOT_LINE_ENDS.items()
    },
)
async def dot_between_bare_line_ends_is_data(end: bytes, smtp: Client) -> Observation:
    """A dot between two of what is no line end does not end the mail data, behind a whole line end either."""
    body = b"first" + end + b"." + end + b"second" + CRLF + b"." + end + b"third" + CRLF
    await smtp.raw(smtp.message(body=body) + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())


@watch("rfc5321/2.3.8/send-only-crlf")
def watch_reply_lines_end_with_crlf(exchange: Exchange) -> Observation | None:
    """Every line of every reply ends with CRLF."""
    if Anomaly.BARE_LF in exchange.reply.anomalies:
        return Broken("lines that end with CRLF", str(exchange.reply))
    return Held()


@scenario("rfc5321/2.3.8/may-limit-line-lengths", start=At.EHLO)
async def line_length_may_be_limited(smtp: Client) -> Observation:
    """A command line of 8,192 octets is served, or refused for its length."""
    outcome = await smtp.say(b"NOOP " + b"a" * (8192 - 7))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("serves it" if outcome.severity == 2 else "has a limit", outcome)
