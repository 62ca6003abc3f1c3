"""RFC 5321 4.5.3.1.6 - Text Line."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    presume,
    row,
    scenario,
    taken_like_any_other,
    took,
)

DOT = "rfc5321/4.5.3.1.6/added-dot-not-counted"


@scenario(
    "rfc5321/4.5.3.1.6/text-line-1000",
    start=At.DATA,
    line={
        "under": b"x" * 997,
        "at": b"x" * 998,
        "dot-under": row(b"." + b"x" * 996, DOT),
        "dot-at": row(b"." + b"x" * 997, DOT),
    },
)
async def line_of_1000_octets_is_taken(line: bytes, smtp: Client, second: Client) -> Observation:
    """A text line of 999 and of 1000 octets, its CRLF included and an added dot left out, is taken."""
    return await taken_like_any_other(smtp.message(body=line + CRLF), smtp, second)


@scenario("rfc5321/4.5.3.1.6/text-line-1000", start=At.DATA, length={"under": 999, "at": 1000})
async def header_line_of_1000_octets_is_taken(length: int, smtp: Client, second: Client) -> Observation:
    """A line of the header section is a text line too."""
    field = b"Comments: "
    line = field + b"x" * (length - len(field) - len(CRLF)) + CRLF
    return await taken_like_any_other(line + smtp.message(), smtp, second)


@scenario("rfc5321/4.5.3.1.6/extensions-lengthen", start=At.EHLO, offers=["CHUNKING", "BINARYMIME"])
async def binary_content_has_long_lines_or_not(smtp: Client) -> Observation:
    """BINARYMIME, which knows no limit on lines (RFC 3030 section 3), lets one of 3000 octets in, or it is refused."""
    presume(accepted(await smtp.mail(parameters=b" BODY=BINARYMIME")))
    presume(accepted(await smtp.rcpt()))
    label = b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n"
    content = label + smtp.message(body=b"x" * 2998 + CRLF)
    await smtp.raw(b"BDAT %d LAST\r\n" % len(content) + content)
    outcome = await smtp.reply()
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else f"answers {outcome.code}", outcome)
