"""RFC 3030 3 - Framework for the Binary Service Extension."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    presume,
    refused,
    scenario,
    took,
    visible,
)

BINARY = b" BODY=BINARYMIME"


def _mime(smtp: Client, body: bytes, encoding: bytes = b"binary") -> bytes:
    """A message that says of itself that it is octets of any kind."""
    header, _, _ = smtp.message().partition(CRLF + CRLF)
    fields = b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: %b\r\n"
    return header + CRLF + fields % encoding + CRLF + body


async def _open(smtp: Client, parameters: bytes = BINARY) -> None:
    presume(accepted(await smtp.mail(parameters=parameters)))
    presume(accepted(await smtp.rcpt()))


@scenario("rfc3030/3/ehlo-keyword", start=At.EHLO)
async def binary_body_that_is_taken_is_listed(smtp: Client) -> Observation:
    """MAIL with BODY=BINARYMIME that is taken means that BINARYMIME is listed."""
    if not smtp.extended:
        return Unclear("EHLO is not taken")
    if "BINARYMIME" in smtp.offers:
        return Held("listed")
    outcome = await smtp.mail(parameters=BINARY)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    seen = holds(outcome.severity != 2, expected="BINARYMIME listed, or BODY=BINARYMIME refused", seen=outcome)
    if isinstance(seen, Broken):  # who takes any body, or any parameter, does not offer this one by it
        presume(accepted(await smtp.say(b"RSET")))
        presume(refused(await smtp.mail(parameters=b" BODY=XCONFORMANCE")))
    return seen


@scenario("rfc3030/3/no-keyword-parameter", start=At.EHLO, offers=["BINARYMIME"])
async def keyword_has_no_parameter(smtp: Client) -> Observation:
    """Nothing stands behind BINARYMIME in the reply to EHLO."""
    parameters = smtp.offers["BINARYMIME"]
    return holds(not parameters, expected="BINARYMIME alone", seen=visible(b"BINARYMIME " + parameters))


@scenario("rfc3030/3/only-with-chunking", start=At.EHLO, offers=["BINARYMIME"])
async def binary_is_offered_with_chunking(smtp: Client) -> Observation:
    """Where BINARYMIME is listed, CHUNKING is."""
    return holds("CHUNKING" in smtp.offers, expected="CHUNKING too", seen=", ".join(sorted(smtp.offers)))


@scenario(
    "rfc3030/3/body-value",
    start=At.EHLO,
    offers=["BINARYMIME"],
    parameter={
        "upper": BINARY,
        "lower": b" body=binarymime",
        "mixed": b" Body=BinaryMIME",
        "with-size": b" SIZE=1000 BODY=BINARYMIME",
    },
)
async def binary_body_is_taken(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with BODY=BINARYMIME is taken as MAIL without it is."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(parameters=parameter))


BODIES = {
    "all-octets": bytes(range(256)) * 4,
    "nuls": b"\x00" * 100,
    "bare-cr": b"a\rb\rc\r",
    "bare-lf": b"a\nb\nc\n",
    "crlf-dot-crlf": b"a\r\n.\r\nb",
    "one-long-run": b"\xa5" * 100_000,
    "no-line-end": b"end",
    "nothing": b"",
}


@scenario("rfc3030/3/agrees-to-keep-all-bits", start=At.EHLO, offers=["BINARYMIME", "CHUNKING"], body=BODIES)
async def binary_message_is_taken(body: bytes, smtp: Client, second: Client) -> Observation:
    """Octets of any kind are taken in a binary message, where a plain one is."""
    await _open(second)
    presume(accepted(await second.bdat(_mime(second, b"plain\r\n"), last=True)))
    await _open(smtp)
    return accepted(await smtp.bdat(_mime(smtp, body), last=True))


@scenario(
    "rfc3030/3/agrees-to-keep-all-bits",
    start=At.EHLO,
    offers=["BINARYMIME", "CHUNKING", "PIPELINING"],
    body={name: BODIES[name] for name in ("all-octets", "nuls", "crlf-dot-crlf")},
)
async def binary_message_in_pipelined_chunks_is_taken(body: bytes, smtp: Client, second: Client) -> Observation:
    """A binary message in chunks that come in one piece is taken as one in a single chunk is."""
    await _open(second)
    presume(accepted(await second.bdat(_mime(second, body), last=True)))
    await _open(smtp)
    content = _mime(smtp, body)
    half = len(content) - len(body) // 2
    first, rest = content[:half], content[half:]
    await smtp.raw(b"BDAT %d\r\n%bBDAT %d\r\n%bBDAT 0 LAST\r\n" % (len(first), first, len(rest), rest))
    return accepted((await smtp.outcomes(3))[-1])


@scenario(
    "rfc3030/3/503-to-data",
    start=At.EHLO,
    offers=["BINARYMIME"],
    parameter={"upper": BINARY, "lower": b" BODY=binarymime", "keyword-lower": b" body=BINARYMIME"},
)
async def data_for_a_binary_message_gets_503(parameter: bytes, smtp: Client) -> Observation:
    """DATA behind MAIL with BODY=BINARYMIME is answered with 503."""
    await _open(smtp, parameter)
    return answered(await smtp.say(b"DATA"), {503})


@scenario("rfc5321/4.1.1.5/rset-discards", start=At.EHLO, offers=["BINARYMIME"])
async def rset_mends_what_data_for_a_binary_message_broke(smtp: Client, second: Client) -> Observation:
    """After DATA was refused for a binary message, RSET makes room for a message with DATA."""
    await second.deliver()
    await _open(smtp)
    presume(answered(await smtp.say(b"DATA"), {503}))
    presume(accepted(await smtp.say(b"RSET")))
    await smtp.transaction()
    return accepted(await smtp.data())


@scenario(
    "rfc3030/3/undeclared-binary-accepted",
    start=At.EHLO,
    offers=["BINARYMIME", "CHUNKING"],
    way={"data": False, "bdat": True},
)
async def undeclared_binary_message_is_taken(way: bool, smtp: Client, second: Client) -> Observation:
    """A message that says binary of itself is taken though MAIL did not say so."""
    await second.transaction()
    plain = _mime(second, b"plain\r\n", b"7bit")
    presume(accepted(await (second.bdat(plain, last=True) if way else second.data(plain))))
    await smtp.transaction()
    content = _mime(smtp, b"plain\r\n")
    return accepted(await (smtp.bdat(content, last=True) if way else smtp.data(content)))


@scenario("rfc3030/3/submission", roles=["submission"], start=At.EHLO)
async def binarymime_may_be_offered_for_submission(smtp: Client) -> Observation:
    """A submission server offers BINARYMIME, or does not."""
    return took("offered" if "BINARYMIME" in smtp.offers else "not offered", smtp.hello)
