"""RFC 3461 5.4 - Implementation limits."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, read_at_length, row, scenario

TYPE = b"rfc822;"
ADDRESS = b"o" * 60 + b"@" + b"d" * 60 + b"." + b"d" * 29 + b".example"
"""An address of 159 octets, which is 477 with every octet in hexadecimal."""

AT_THE_LIMIT = {
    "envid-38": row(b" ENVID=" + b"e" * 38),
    "envid-100": row(b" ENVID=" + b"e" * 100),
    "envid-100-encoded": row(b" ENVID=" + b"+2B" * 33 + b"e"),
    "notify-21": row(b" NOTIFY=SUCCESS,FAILURE,DELAY", start=At.MAIL),
    "orcpt-172": row(b" ORCPT=" + TYPE + ADDRESS, start=At.MAIL),
    "orcpt-490-encoded": row(b" ORCPT=" + TYPE + b"".join(b"+%02X" % octet for octet in ADDRESS), start=At.MAIL),
}
"""ORCPT counts with its keyword: §4.2 gives 500 characters to the parameter."""


async def _short_ones_are_taken(smtp: Client) -> None:
    """Else a refusal says nothing about the size."""
    presume(accepted(await smtp.rcpt(parameters=b" NOTIFY=FAILURE ORCPT=rfc822;+6F@example.com")))


@scenario("rfc3461/5.4/sizes", start=At.EHLO, offers=["DSN"], parameter=AT_THE_LIMIT)
async def parameter_of_the_least_size_is_taken(parameter: bytes, smtp: Client) -> Observation:
    """Parameters up to the size that every server takes are taken."""
    if parameter.startswith(b" ENVID"):
        presume(accepted(await smtp.mail(parameters=b" ENVID=e+2B")))
        presume(accepted(await smtp.say(b"RSET")))
        return accepted(await smtp.mail(parameters=parameter))
    await _short_ones_are_taken(smtp)
    return accepted(await smtp.rcpt(parameters=parameter))


@scenario("rfc3461/5.4/command-length", start=At.MAIL, offers=["DSN"])
async def rcpt_with_both_parameters_near_their_limit_is_taken(smtp: Client) -> Observation:
    """RCPT with ORCPT of 490 characters and all words of NOTIFY is taken."""
    await _short_ones_are_taken(smtp)
    encoded = b"".join(b"+%02X" % octet for octet in ADDRESS)
    return accepted(await smtp.rcpt(parameters=b" NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=" + TYPE + encoded))


@scenario(
    "rfc3461/5.4/command-length-with-others",
    start=At.EHLO,
    offers=["DSN"],
    others={
        "size": row(b" SIZE=00000000000000001000", offers=["SIZE"]),
        "body": row(b" BODY=8BITMIME", offers=["8BITMIME"]),
        "smtputf8": row(b" SMTPUTF8", offers=["SMTPUTF8"]),
        "size-and-body": row(b" SIZE=00000000000000001000 BODY=8BITMIME", offers=["SIZE", "8BITMIME"]),
    },
)
async def mail_with_all_parameters_is_read(others: bytes, smtp: Client, second: Client) -> Observation:
    """MAIL with RET, an ENVID of 100 characters and other parameters fills a line of 1036 octets and theirs."""
    begun = b"MAIL FROM:" + smtp.reverse_path + b" RET=HDRS ENVID=" + b"e" * 100 + others
    return await read_at_length(begun, 1036 + len(others), smtp, second)
