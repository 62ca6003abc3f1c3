"""RFC 5321 4.3.2 - Command-Reply Sequences: each command in each state of a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from conformance import (
    CRLF,
    At,
    Broken,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    answered,
    closes,
    holds,
    not_refused_as,
    one_reply,
    presume,
    refused,
    row,
    scenario,
)

Way = Callable[[Client], Awaitable[None]]
Line = Callable[[Client], bytes]


@dataclass(frozen=True)
class State:
    """Where a session can stand: the rung below, the way from there, and the command that comes next."""

    start: At
    way: Way
    next: str


@dataclass(frozen=True)
class Cell:
    """A command in a state."""

    line: Line
    state: State


async def _stay(smtp: Client) -> None:
    del smtp


async def _helo(smtp: Client) -> None:
    presume(accepted(await smtp.say(b"HELO " + smtp.helo_name)))


async def _refused_mail(smtp: Client) -> None:
    presume(refused(await smtp.say(b"MAIL FROM:<")))


async def _refused_rcpt(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))
    presume(refused(await smtp.say(b"RCPT TO:<")))


async def _refused_data(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))
    presume(refused(await smtp.say(b"DATA")))


async def _mail(smtp: Client) -> None:
    presume(accepted(await smtp.mail()))


async def _rcpt(smtp: Client) -> None:
    await smtp.transaction()


async def _delivered(smtp: Client) -> None:
    await smtp.deliver()


async def _reset(smtp: Client) -> None:
    await smtp.transaction()
    presume(accepted(await smtp.say(b"RSET")))


async def _second_transaction(smtp: Client) -> None:
    await smtp.deliver()
    await smtp.transaction()


STATES = {
    "greeting": State(At.GREETING, _stay, "EHLO"),
    "ehlo": State(At.EHLO, _stay, "MAIL"),
    "helo": State(At.GREETING, _helo, "MAIL"),
    "refused-mail": State(At.EHLO, _refused_mail, "MAIL"),
    "delivered": State(At.EHLO, _delivered, "MAIL"),
    "rset": State(At.EHLO, _reset, "MAIL"),
    "mail": State(At.EHLO, _mail, "RCPT"),
    "refused-rcpt": State(At.EHLO, _refused_rcpt, "RCPT"),
    "refused-data": State(At.EHLO, _refused_data, "RCPT"),
    "rcpt": State(At.EHLO, _rcpt, "DATA"),
    "second": State(At.EHLO, _second_transaction, "DATA"),
}
CLOSED = ("greeting", "ehlo", "helo", "refused-mail", "delivered", "rset")
WITHOUT_RECIPIENTS = ("mail", "refused-rcpt", "refused-data")
OPEN = (*WITHOUT_RECIPIENTS, "rcpt", "second")

COMMANDS: dict[str, Line] = {
    "ehlo": lambda smtp: b"EHLO " + smtp.ehlo_name,
    "helo": lambda smtp: b"HELO " + smtp.helo_name,
    "mail": lambda smtp: b"MAIL FROM:" + smtp.reverse_path,
    "rcpt": lambda smtp: b"RCPT TO:" + smtp.forward_path,
    "data": lambda _: b"DATA",
    "rset": lambda _: b"RSET",
    "vrfy": lambda _: b"VRFY postmaster",
    "expn": lambda _: b"EXPN postmaster",
    "help": lambda _: b"HELP",
    "noop": lambda _: b"NOOP",
    "quit": lambda _: b"QUIT",
    "unknown": lambda _: b"BOGUS",
}
REFUSED: dict[str, Line] = {
    "unknown": lambda _: b"BOGUS",
    "ehlo-without-name": lambda _: b"EHLO",
    "mail-without-path": lambda _: b"MAIL FROM:<",
    "rset-with-argument": lambda _: b"RSET now",
    "data-with-argument": lambda _: b"DATA now",
}


def _cells(commands: Iterable[str], states: Iterable[str], clause: str = "") -> dict[str, object]:
    """A row for each of these commands in each of these states."""
    known = COMMANDS | REFUSED
    return {
        f"{command}@{state}": row(Cell(known[command], STATES[state]), clause, start=STATES[state].start)
        for command, state in product(commands, states)
    }


def _odd_case(line: bytes) -> bytes:
    """The line with every other letter of its verb in the other case."""
    verb, space, argument = line.partition(b" ")
    return bytes(octet ^ 0x20 if number % 2 else octet for number, octet in enumerate(verb)) + space + argument


async def _next(smtp: Client, state: State) -> Observation:
    """Whether what comes next in this state is in sequence."""
    match state.next:
        case "EHLO":
            return accepted(await smtp.ehlo())
        case "MAIL":
            return not_refused_as(await smtp.mail(), {503})
        case "RCPT":
            return not_refused_as(await smtp.rcpt(), {503})
        case _:
            return not_refused_as(await smtp.say(b"DATA"), {503, 554})


def _in_step(outcomes: Sequence[Outcome]) -> Observation:
    """Whether QUIT brought one reply: a second one to an earlier command would have been read as that to the next."""
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    return holds(len(replies) == 1, expected="one reply to QUIT", seen=" | ".join(str(outcome) for outcome in outcomes))


async def _carries_on(smtp: Client, second: Client, state: State) -> Observation:
    """Whether the session still stands in this state; another one shows that it does where nothing disturbs it."""
    seen = await _next(smtp, state)
    if isinstance(seen, Broken):
        presume(_in_step(await smtp.quit()))
        await state.way(second)
        presume(await _next(second, state))
    return seen


# DATA is left out where its reply asks for mail data: QUIT would be a line of them.
@scenario(
    "rfc5321/4.2/one-reply",
    start=At.GREETING,
    cell=_cells((name for name in COMMANDS if name not in {"data", "quit"}), STATES)
    | _cells(["data"], (*CLOSED, *WITHOUT_RECIPIENTS)),
)
async def command_in_odd_case_brings_one_reply(cell: Cell, smtp: Client) -> Observation:
    """Each command is answered once in each state, its verb in mixed case."""
    await cell.state.way(smtp)
    await smtp.raw(_odd_case(cell.line(smtp)) + CRLF)
    return one_reply(await smtp.replies_until_quit())


@scenario(
    "rfc5321/4.1.4/any-time-commands",
    start=At.GREETING,
    cell=_cells(
        ["noop", "help", "expn", "vrfy", "rset"], (name for name in STATES if name not in {"greeting", "ehlo"})
    ),
)
async def command_for_any_time_is_not_out_of_sequence(cell: Cell, smtp: Client) -> Observation:
    """NOOP, HELP, EXPN, VRFY and RSET get another reply than 503 wherever a session stands."""
    await cell.state.way(smtp)
    return not_refused_as(await smtp.say(cell.line(smtp)), {503})


OUT_OF_PLACE = (
    _cells(["mail"], ("greeting", *OPEN))
    | _cells(["rcpt"], ("greeting", "ehlo", "helo", "refused-mail", "delivered"))
    | _cells(["data"], ("greeting", "ehlo", "helo", "refused-mail", "delivered", *WITHOUT_RECIPIENTS))
    | _cells(["ehlo", "helo"], ("mail", "rcpt", "second"))
    | _cells(["rset", "noop", "vrfy", "quit"], ("greeting", "mail", "rcpt"))
)


@scenario("rfc5321/4.3.2/no-500-for-required", start=At.GREETING, cell=OUT_OF_PLACE)
async def required_command_is_recognised_out_of_place(cell: Cell, smtp: Client) -> Observation:
    """A required command is not unrecognised where it is not expected."""
    await cell.state.way(smtp)
    return not_refused_as(await smtp.say(cell.line(smtp)), {500})


@scenario(
    "rfc5321/4.2.1/5yz-not-done",
    start=At.GREETING,
    cell=_cells(["unknown"], STATES)
    | _cells(["ehlo-without-name"], STATES, "rfc5321/4.1.4/refused-ehlo-keeps-state")
    | _cells(
        ["mail-without-path"],
        (name for name in STATES if name != "refused-mail"),
        "rfc5321/4.1.4/bad-mail-keeps-state",
    )
    | _cells(["rset-with-argument", "data-with-argument"], ("mail", "rcpt")),
)
async def refused_command_changes_nothing(cell: Cell, smtp: Client, second: Client) -> Observation:
    """After a command that was refused with a 5yz the session stands where it stood."""
    await cell.state.way(smtp)
    presume(refused(await smtp.say(cell.line(smtp))))
    return await _carries_on(smtp, second, cell.state)


@scenario(
    "rfc5321/4.1.4/out-of-order-keeps-state",
    start=At.GREETING,
    cell=_cells(["rcpt"], CLOSED) | _cells(["data"], (*CLOSED, "mail", "refused-rcpt")) | _cells(["mail"], ["second"]),
)
async def command_out_of_order_changes_nothing(cell: Cell, smtp: Client, second: Client) -> Observation:
    """After a 503 to MAIL, RCPT or DATA, or a 554 to DATA, the session stands where it stood."""
    await cell.state.way(smtp)
    outcome = await smtp.say(cell.line(smtp))
    if not (isinstance(outcome, Reply) and outcome.code in {503, 554}):
        return Unclear(f"neither 503 nor 554: {outcome}")
    seen = await _carries_on(smtp, second, cell.state)
    if outcome.code == 554 and isinstance(seen, Broken):
        return Unclear(f"the state is promised behind a 503: {outcome} | {seen.seen}")
    return seen


@scenario(
    "rfc5321/4.1.1.9/changes-nothing",
    start=At.GREETING,
    cell=_cells(["noop"], (name for name in CLOSED if name != "delivered"))
    | _cells(["noop"], OPEN, "rfc5321/4.1.1.9/noop-keeps-buffers")
    | _cells(["vrfy"], OPEN, "rfc5321/4.1.1.6/vrfy-keeps-buffers")
    | _cells(["expn"], OPEN, "rfc5321/4.1.1.7/expn-keeps-buffers")
    | _cells(["help"], OPEN, "rfc5321/4.1.1.8/help-keeps-buffers"),
)
async def command_without_effect_changes_nothing(cell: Cell, smtp: Client, second: Client) -> Observation:
    """After NOOP, VRFY, EXPN or HELP the session stands where it stood."""
    await cell.state.way(smtp)
    presume(answered(await smtp.say(cell.line(smtp)), {*range(200, 300), *range(500, 600)}))
    return await _carries_on(smtp, second, cell.state)


# Before EHLO a 503 is discouraged and no more (lines 2491-2493): 4.1.4 has a scenario for that.
AFTER_HELLO = tuple(state for state in STATES if state != "greeting")


@scenario("rfc5321/4.1.1.5/rset-250", start=At.GREETING, cell=_cells(["rset"], AFTER_HELLO))
async def rset_in_each_state_gets_250(cell: Cell, smtp: Client) -> Observation:
    """RSET is answered with 250 in each state."""
    await cell.state.way(smtp)
    return answered(await smtp.say(cell.line(smtp)), {250})


async def _transactions_matter(smtp: Client) -> None:
    """A recipient without MAIL is refused, else that one is accepted says nothing of a transaction."""
    if smtp.hello is None:
        await smtp.introduce()
    presume(refused(await smtp.rcpt()))


@scenario("rfc5321/4.1.4/transaction-aborted", start=At.GREETING, cell=_cells(["rset", "ehlo"], OPEN))
async def transaction_is_aborted(cell: Cell, smtp: Client, second: Client) -> Observation:
    """After RSET and a new EHLO within a transaction a recipient has none to go to."""
    await _transactions_matter(second)
    await cell.state.way(smtp)
    presume(accepted(await smtp.say(cell.line(smtp))))
    return refused(await smtp.rcpt())


@scenario("rfc5321/4.1.1.10/close-after-quit", start=At.GREETING, cell=_cells(["quit"], STATES))
async def quit_in_each_state_closes(cell: Cell, smtp: Client) -> Observation:
    """QUIT is answered with 221 in each state, and the server closes behind it."""
    await cell.state.way(smtp)
    return closes(await smtp.quit())


@scenario("rfc5321/3.3/rcpt-without-mail", start=At.GREETING, cell=_cells(["rcpt"], CLOSED))
async def rcpt_without_a_transaction_gets_503(cell: Cell, smtp: Client) -> Observation:
    """RCPT is answered with 503 exactly in each state without a transaction."""
    await cell.state.way(smtp)
    return answered(await smtp.say(cell.line(smtp)), {503})


@scenario(
    "rfc5321/4.1.4/out-of-order-503",
    start=At.GREETING,
    cell=_cells(["data"], (*CLOSED, *WITHOUT_RECIPIENTS)),
)
async def data_without_recipients_gets_503(cell: Cell, smtp: Client) -> Observation:
    """DATA without recipients gets 503 or 554, or 354 and a refusal behind the data (3.3)."""
    await cell.state.way(smtp)
    outcome = await smtp.say(cell.line(smtp))
    match outcome:
        case Reply(code=354):
            await smtp.raw(smtp.message() + b"." + CRLF)
            return refused(await smtp.reply())
        case Reply(code=550):
            return Unclear(f"a policy refusal proves nothing: {outcome}")
        case _:
            return answered(outcome, {503, 554})


@scenario(
    "rfc5321/4.1.4/mail-begins-transaction",
    start=At.GREETING,
    cell=_cells(["mail"], ("helo", "refused-mail", "delivered")),
)
async def accepted_mail_begins_a_transaction(cell: Cell, smtp: Client) -> Observation:
    """After a MAIL that was accepted a recipient is in sequence, whatever came before."""
    await cell.state.way(smtp)
    presume(accepted(await smtp.say(cell.line(smtp))))
    return not_refused_as(await smtp.rcpt(), {503})


@scenario(
    "rfc5321/4.3.1/code-meanings-kept",
    start=At.GREETING,
    cell=_cells(["rcpt"], ("refused-rcpt", "refused-data")),
)
async def accepted_recipient_counts(cell: Cell, smtp: Client) -> Observation:
    """After a RCPT that was accepted DATA has a recipient, whatever came before."""
    await cell.state.way(smtp)
    presume(accepted(await smtp.say(cell.line(smtp))))
    return not_refused_as(await smtp.say(b"DATA"), {503, 554})


@scenario("rfc5321/4.3.1/code-meanings-kept", start=At.GREETING, cell=_cells(["data"], ["rcpt"]))
async def accepted_message_ends_the_transaction(cell: Cell, smtp: Client, second: Client) -> Observation:
    """After the 250 to the mail data a recipient has no transaction to go to."""
    await _transactions_matter(second)
    await cell.state.way(smtp)
    presume(accepted(await smtp.say(cell.line(smtp)), {354}))
    await smtp.raw(smtp.message() + b"." + CRLF)
    presume(accepted(await smtp.reply()))
    return refused(await smtp.rcpt())
