"""RFC 4865 4.1 - SMTP Client: what a user's program asks of a server that holds mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance import Agent, At, Held, NotReady, Observation, Use, holds, scenario, visible

LONGEST = 3600
"""Seconds that our server holds mail."""
SOON, TOO_LATE = LONGEST // 6, 2 * LONGEST


def timestamp(seconds: int) -> str:
    """The time in so many seconds, as FUTURERELEASE has it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def offer() -> bytes:
    """FUTURERELEASE with these limits."""
    return b"FUTURERELEASE %d %b" % (LONGEST, timestamp(LONGEST).encode("ascii"))


async def _held(agent: Agent, task: str, seconds: int) -> tuple[Use, list[bytes]]:
    """A message that is to be held for so many seconds, and the parameters of its MAIL that say so."""
    used = await agent.use(
        task, message=agent.message(), offers=[offer()], seconds=str(seconds), date=timestamp(seconds)
    )
    words = used.mail[0].argument.split() if used.mail else []
    return used, [word for word in words if word.upper().startswith((b"HOLDFOR=", b"HOLDUNTIL="))]


@scenario(
    "rfc4865/4.1/one-hold",
    start=At.CONNECT,
    facts=["user_agent.hold_for", "user_agent.hold_until"],
    task={"for": "hold_for", "until": "hold_until"},
)
async def mail_has_one_hold(task: str, agent: Agent) -> Observation:
    """MAIL of a message that is to be held has one HOLDFOR or HOLDUNTIL, and no more."""
    used, holding = await _held(agent, task, SOON)
    if not used.mail:
        raise NotReady("user agent", "it sent nothing")
    return holds(len(holding) == 1, expected="one", seen=visible(used.mail[0].octets.strip()))


@scenario("rfc4865/4.1/interval-within-limit", start=At.CONNECT, facts=["user_agent.hold_for"])
async def no_longer_hold_is_asked_for_than_is_offered(agent: Agent) -> Observation:
    """A hold that is longer than the server offers is not asked for."""
    _, usual = await _held(agent, "hold_for", SOON)
    if not any(word.upper().startswith(b"HOLDFOR=") for word in usual):
        raise NotReady("control", "it asks for no interval that is short enough")
    _, holding = await _held(agent, "hold_for", TOO_LATE)
    asked = [word.partition(b"=")[2] for word in holding if word.upper().startswith(b"HOLDFOR=")]
    if not asked:
        return Held("it asks for none")
    good = all(value.isdigit() and int(value) <= LONGEST for value in asked)
    return holds(good, expected=f"at most {LONGEST}", seen=visible(b", ".join(asked)))


@scenario("rfc4865/4.1/date-within-limit", start=At.CONNECT, facts=["user_agent.hold_until"])
async def no_later_date_is_asked_for_than_is_offered(agent: Agent) -> Observation:
    """A hold until a date that is later than the server offers is not asked for."""
    _, usual = await _held(agent, "hold_until", SOON)
    if not any(word.upper().startswith(b"HOLDUNTIL=") for word in usual):
        raise NotReady("control", "it asks for no date that is early enough")
    latest = datetime.now(UTC) + timedelta(seconds=LONGEST)
    _, holding = await _held(agent, "hold_until", TOO_LATE)
    asked = [word.partition(b"=")[2] for word in holding if word.upper().startswith(b"HOLDUNTIL=")]
    if not asked:
        return Held("it asks for none")
    # A minute is left for the time that passes between the two offers.
    good = all(_moment(value) <= latest + timedelta(minutes=1) for value in asked)
    return holds(good, expected=f"no later than {latest:%Y-%m-%dT%H:%M:%SZ}", seen=visible(b", ".join(asked)))


def _moment(value: bytes) -> datetime:
    """What the date says.

    Raises:
        NotReady: it is none; that is another clause's.
    """
    try:
        moment = datetime.fromisoformat(value.decode("ascii").upper())
    except (UnicodeDecodeError, ValueError):
        raise NotReady("user agent", f"{visible(value)} is no date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
