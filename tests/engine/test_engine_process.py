"""A target that a scenario ends or leaves without room: it is put right whatever happens.

What can't be done proves nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext

import msgspec
import pytest
import trio
from engine_scripts import TARGET, UNCONTROLLED, Server, at_once, scenario, serving

from conformance import Client, Held, Observation, Process
from conformance.engine import Attempted, Engine, Result, Setting, attempt
from conformance.engine import _commands as commands
from conformance.engine._commands import Commands
from conformance.scenario import ControlError, Verdict
from conformance.target import Process as ProcessFact


class Log:
    """A control that writes down what it is told, and fails where it shall."""

    def __init__(self, fails: str = "") -> None:
        self.told: list[str] = []
        self.fails = fails

    async def _do(self, verb: str) -> None:
        await trio.sleep(1)
        self.told.append(verb)
        if verb == self.fails:
            raise ControlError(f"{verb}: exit status 1")

    async def kill(self) -> None:
        await self._do("kill")

    async def stop(self) -> None:
        await self._do("stop")

    async def start(self) -> None:
        await self._do("start")

    async def fill_queue(self) -> None:
        await self._do("fill-queue")

    async def fill_mailboxes(self) -> None:
        await self._do("fill-mailboxes")

    async def make_room(self) -> None:
        await self._do("make-room")

    async def listens(self) -> bool:
        return True


async def kills(smtp: Client, process: Process) -> Observation:
    await smtp.say(b"NOOP")
    await process.kill()
    return Held("killed")


async def kills_and_starts(smtp: Client, process: Process) -> Observation:
    await kills(smtp, process)
    await process.start()
    return Held("started")


async def kills_and_fails(smtp: Client, process: Process) -> Observation:
    await kills(smtp, process)
    raise ZeroDivisionError


async def stops(smtp: Client, process: Process) -> Observation:
    process.begin_to_stop()
    await smtp.say(b"NOOP")
    return Held("told to stop")


async def fills(smtp: Client, process: Process) -> Observation:
    await smtp.say(b"NOOP")
    await process.fill_queue()
    await process.fill_mailboxes()
    return Held("full")


async def fills_and_kills(smtp: Client, process: Process) -> Observation:
    await fills(smtp, process)
    await process.kill()
    return Held("full, and killed")


async def fills_and_makes_room(smtp: Client, process: Process) -> Observation:
    await fills(smtp, process)
    await process.make_room()
    return Held("roomy again")


def tried(body: Callable[..., Awaitable[Observation]], control: Log | None) -> Attempted:
    async def main() -> Attempted:
        async with serving(Server()) as server:
            what = scenario(body, needs=frozenset({"smtp", "process"}), alone=True)
            return await attempt(what, Setting(TARGET, server.dial, control=control))

    return at_once(main)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (kills, ["kill", "start"]),
        (kills_and_starts, ["kill", "start"]),
        (kills_and_fails, ["kill", "start"]),
        (stops, ["stop", "start"]),
        (fills, ["fill-queue", "fill-mailboxes", "make-room"]),
        (fills_and_kills, ["fill-queue", "fill-mailboxes", "kill", "make-room", "start"]),
        (fills_and_makes_room, ["fill-queue", "fill-mailboxes", "make-room"]),
    ],
)
def test_the_target_is_up_again_afterwards(body: Callable[..., Awaitable[Observation]], told: Sequence[str]) -> None:
    control = Log()
    seen = tried(body, control)
    assert control.told == told
    assert seen.verdict is (Verdict.ERROR if body is kills_and_fails else Verdict.PASS)


@pytest.mark.parametrize(
    ("body", "verb"),
    [
        (kills_and_starts, "kill"),
        (kills_and_starts, "start"),
        (fills, "fill-queue"),
        (fills, "fill-mailboxes"),
        (fills_and_makes_room, "make-room"),
    ],
)
def test_a_command_that_fails_proves_nothing(body: Callable[..., Awaitable[Observation]], verb: str) -> None:
    seen = tried(body, Log(verb))
    assert (seen.verdict, seen.why) == (Verdict.INCONCLUSIVE, f"{verb}: {verb}: exit status 1")


def test_a_target_that_nobody_can_end() -> None:
    seen = tried(kills, None)
    assert (seen.verdict, seen.why) == (
        Verdict.INCONCLUSIVE,
        "process: nobody can end the target and start it again",
    )


def test_where_others_use_the_target_it_is_not_ended() -> None:
    results: list[Result] = []
    known = msgspec.structs.replace(TARGET, process=ProcessFact(kill=("false",), start=("false",)))

    class Turn:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    async def main() -> None:
        async with serving(Server()) as server:
            engine = Engine(known, server.dial, lambda _: None, UNCONTROLLED)
            what = scenario(kills, needs=frozenset({"smtp", "process"}), alone=True)
            results.append(await engine.one(what, Turn()))
            results.append(await engine.one(what, nullcontext()))

    trio.run(main)
    assert [result.verdict for result in results] == [Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE]
    assert results[0].why == "ends the target, which others use meanwhile: run it in one process"
    assert results[1].why == "kill: false: exit status 1"


def commanded(process: ProcessFact, verb: str, server: Server | None = None) -> None:
    raised: list[ControlError] = []

    async def main() -> None:
        async with serving(server or Server()) as open_server:
            known = msgspec.structs.replace(TARGET, process=process)
            try:
                await getattr(Commands(known, open_server.dial), verb)()
            except ControlError as error:
                raised.append(error)  # raised below, where the nursery puts it in no group

    trio.run(main)
    for error in raised:
        raise error


def python(program: str) -> tuple[str, ...]:
    return sys.executable, "-c", program


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (python("import sys; sys.exit('no such server')"), "exit status 1: no such server"),
        (("/no/such/program",), "/no/such/program: No such file or directory"),
    ],
)
def test_a_command_that_fails_says_why(words: tuple[str, ...], says: str) -> None:
    for verb in ("kill", "stop", "start", "fill_queue", "fill_mailboxes", "make_room"):
        with pytest.raises(ControlError) as caught:
            commanded(ProcessFact(**{verb: words}), verb)
        assert str(caught.value).endswith(says)


def test_a_command_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMAND_SECONDS", 0.2)
    with pytest.raises(ControlError, match=r"not finished within 0\.2 s$"):
        commanded(ProcessFact(kill=python("import time; time.sleep(60)")), "kill")


def test_a_target_is_started_when_it_greets(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = ProcessFact(start=python(""))
    server = Server()
    commanded(nothing, "start", server)
    assert [visit.said for visit in server.visits] == [[b"QUIT"]]
    monkeypatch.setattr(commands, "COMMAND_SECONDS", 0.3)

    def refuse(*_: object) -> bytes:
        raise ConnectionRefusedError

    with pytest.raises(ControlError, match=r"did not greet within 0\.3 s of its start$"):
        commanded(nothing, "start", Server(say=refuse))
