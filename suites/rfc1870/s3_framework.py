"""RFC 1870 3 - Framework for the Size Declaration Extension."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Exchange,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    not_refused_as,
    presume,
    refused,
    scenario,
    took,
    watch,
)


@watch("rfc1870/3/one-number")
def watch_size_line(exchange: Exchange) -> Observation | None:
    """SIZE stands on one line of the reply to EHLO, with one decimal number or nothing behind it."""
    if exchange.verb not in {"EHLO", "LHLO"} or exchange.reply.code != 250:
        return None
    words = [line.text.upper().split() for line in exchange.reply.lines[1:]]
    given = [line[1:] for line in words if line[:1] == [b"SIZE"]]
    if not given:
        return None
    good = len(given) == 1 and len(given[0]) <= 1 and all(word.isdigit() for word in given[0])
    return holds(good, expected="one SIZE line, with a number or nothing", seen=exchange.reply)


OTHER_VALUES = {
    "letters": b" SIZE=big",
    "negative": b" SIZE=-1",
    "plus": b" SIZE=+1000",
    "decimal": b" SIZE=1000.5",
    "hexadecimal": b" SIZE=0x400",
    "with-a-unit": b" SIZE=10M",
    "empty": b" SIZE=",
    "without-value": b" SIZE",
    "21-digits": b" SIZE=000000000000000001000",
    "twice": b" SIZE=1000 SIZE=1000",
    "two-numbers": b" SIZE=1000,1000",
}


@scenario("rfc1870/3/other-size-values", start=At.EHLO, offers=["SIZE"], parameter=OTHER_VALUES)
async def size_that_is_none_may_be_refused(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with a SIZE that is not 1 to 20 digits is refused, or taken."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    outcome = await smtp.mail(parameters=parameter)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("refuses" if outcome.severity == 5 else "takes", outcome)


@scenario(
    "rfc5321/4.1.4/bad-mail-keeps-state",
    start=At.EHLO,
    offers=["SIZE"],
    parameter={name: OTHER_VALUES[name] for name in ("letters", "empty", "negative")},
)
async def refused_size_is_no_transaction(parameter: bytes, smtp: Client, second: Client) -> Observation:
    """After a MAIL that was refused for its SIZE, another MAIL opens a transaction."""
    presume(accepted(await second.mail()))
    outcome = await smtp.mail(parameters=parameter)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        presume(accepted(await smtp.say(b"RSET")))  # it was taken: then what follows is an ordinary MAIL
    else:
        presume(refused(outcome))
    return accepted(await smtp.mail())


@scenario(
    "rfc1870/3/zero-is-no-limit",
    start=At.EHLO,
    offers=["SIZE 0"],
    size={"above-a-megabyte": 1_500_000, "above-100-megabytes": 150_000_000, "above-31-bits": 2**31 + 1},
)
async def no_size_is_beyond_no_limit(size: int, smtp: Client) -> Observation:
    """Where SIZE 0 says that there is no fixed limit, no size is refused with 552."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return not_refused_as(await smtp.mail(parameters=b" SIZE=%d" % size), {552})


@scenario("rfc1870/3/ehlo-keyword", start=At.EHLO, lacks=["SIZE"])
async def sizes_are_not_compared_by_who_does_not_offer_it(smtp: Client, second: Client) -> Observation:
    """A server that takes one SIZE and calls another too big has the extension, and so lists SIZE."""
    presume(accepted(await second.mail()))
    small = await smtp.mail(parameters=b" SIZE=1000")
    presume(accepted(await smtp.say(b"RSET")))
    large = await smtp.mail(parameters=b" SIZE=%d" % (10**20 - 1))
    taken = isinstance(small, Reply) and small.severity == 2
    compared = taken and isinstance(large, Reply) and large.code == 552
    return holds(not compared, expected="SIZE in the reply to EHLO", seen=f"{small} | {large}")
