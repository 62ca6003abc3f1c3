"""RFC 3865 2.3 - The MAIL FROM Command."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, not_refused_as, presume, refused, row, scenario

SYNTAX = "rfc3865/2.3/solicit-syntax"
LONG = "rfc3865/2.2/keyword-under-1000"


@scenario(
    SYNTAX,
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    value={
        "one": b"com.example.suite:NONE",
        "two": b"com.example.suite:NONE,com.example.suite:OTHER",
        "all-characters": b"com.example-suite_1:A.b-C_9",
        "no-colon": b"word",
        "one-letter": b"w",
        "longest": b"c" * 400,
    },
)
async def class_keywords_are_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """Class keywords that the server does not refuse mail for are not called a syntax error."""
    presume(accepted(await second.mail()))
    return not_refused_as(await smtp.mail(parameters=b" SOLICIT=" + value), {500, 501, 502, 504, 555})


@scenario(
    SYNTAX,
    start=At.EHLO,
    offers=["NO-SOLICITING"],
    value={
        "no-value": b"SOLICIT",
        "empty": b"SOLICIT=",
        "digit-first": b"SOLICIT=1com.example:ADV",
        "colon-first": b"SOLICIT=:ADV",
        "empty-member": b"SOLICIT=com.example:ADV,,com.example:TWO",
        "comma-last": b"SOLICIT=com.example:ADV,",
        "comma-first": b"SOLICIT=,com.example:ADV",
        "slash": b"SOLICIT=com.example/ADV",
        "semicolon": b"SOLICIT=com.example:ADV;com.example:TWO",
        "space-behind-the-comma": b"SOLICIT=com.example:ADV, com.example:TWO",
        "1000-characters": row(b"SOLICIT=" + b"c" * 1000, LONG),
    },
)
async def malformed_class_keywords_are_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """A SOLICIT that does not fit the syntax is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value))
