"""How a run ends: what it proves, what it owns up to, and that it always says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import jsonschema
import msgspec
import pytest
import trio
from engine_scripts import (
    TARGET,
    UNCONTROLLED,
    Server,
    Visit,
    at_once,
    breaking,
    holding,
    noop,
    one_after_another,
    purposes,
    run,
    scenario,
    script,
    serving,
)

from conformance.client import Client
from conformance.engine import End, Engine, Event, Options, Result, Run, doubt
from conformance.report import JsonlWriter, read, results_schema
from conformance.scenario import Broken, Held, Observation, Scenario, Unclear, Verdict, accepted


async def open_question(**_: Client) -> Observation:
    return Unclear("a 421 proves nothing")


def counts(passed: int = 0, **numbers: int) -> dict[Verdict, int]:
    return {Verdict.PASS: passed} | {Verdict[name.upper()]: number for name, number in numbers.items()}


@pytest.mark.parametrize(
    ("counted", "share", "expected"),
    [
        (counts(passed=95, inconclusive=5), 0.05, ""),
        (counts(passed=94, inconclusive=6), 0.05, "6 of 100 applicable scenarios are inconclusive"),
        (counts(passed=94, inconclusive=6, not_applicable=900), 0.05, "6 of 100"),
        (counts(fail=94, inconclusive=6), 0.06, ""),
        (counts(passed=1, inconclusive=99), 1.0, ""),
        (counts(passed=99, inconclusive=1), 0.0, "1 of 100"),
        (counts(passed=18, inconclusive=2), 0.05, "2 of 20"),
        (counts(not_applicable=3), 0.05, "nothing was run"),
        (counts(), 0.05, "nothing was run"),
        (counts(error=1), 0.05, ""),
    ],
)
def test_too_much_that_is_inconclusive_and_nothing_run_are_doubted(
    counted: dict[Verdict, int], share: float, expected: str
) -> None:
    found = doubt(Counter(counted), share)
    assert found.startswith(expected)
    assert bool(found) == bool(expected)


def test_a_run_that_leaves_too_much_open_says_so_at_its_end() -> None:
    several = [*(scenario(holding) for _ in range(18)), scenario(open_question), scenario(open_question)]
    assert run(several).end.problem == ("2 of 20 applicable scenarios are inconclusive: too many to trust the rest")
    lenient = Options(controls=False, max_inconclusive=0.1)
    assert run(several, options=lenient).end.problem == ""


def test_a_run_in_which_nothing_applies_says_so() -> None:
    ran = run([scenario(breaking, facts=("refused",)), scenario(breaking, facts=("refused", "moved"))])
    assert ran.end.problem == "nothing was run: every selected scenario is not applicable to this target"
    assert ran.end.missing == {"refused": 2}
    assert ran.end.counts["not-applicable"] == 2


def test_the_end_counts_every_verdict_and_the_time() -> None:
    async def three_seconds(**_: Client) -> Observation:
        await trio.sleep(3)
        return Held()

    ran = run([scenario(three_seconds), scenario(breaking), scenario(open_question)])
    assert ran.end.counts == {
        "pass": 1,
        "fail": 1,
        "deviates": 0,
        "noted": 0,
        "inconclusive": 1,
        "not-applicable": 0,
        "error": 0,
    }
    assert ran.end.seconds == pytest.approx(3, abs=0.5)
    assert ran.end.connections == len(ran.server.visits) == 4
    assert ran.end.lowest_limit == UNCONTROLLED.overlap
    assert ran.events[-1] is ran.end


def test_results_are_emitted_as_they_settle() -> None:
    at: dict[str, float] = {}

    def after(seconds: float) -> Scenario:
        async def body(**_: Client) -> Observation:
            await trio.sleep(seconds)
            return Held()

        return scenario(body, id=f"rfc5321/4.5/{seconds:.0f}")

    def emit(event: Event) -> None:
        if isinstance(event, Result):
            at[event.scenario] = trio.current_time()

    async def main() -> None:
        async with serving(Server()) as server:
            began = trio.current_time()
            await Engine(TARGET, server.dial, emit, UNCONTROLLED).run([after(50), after(1)])
            assert {name: when - began for name, when in at.items()} == {
                "rfc5321/4.5/1": pytest.approx(1, abs=0.5),
                "rfc5321/4.5/50": pytest.approx(50, abs=0.5),
            }

    at_once(main)
    assert list(at) == ["rfc5321/4.5/1", "rfc5321/4.5/50"]


# A run that the user stops.


def stopped_after(seconds: float, scenarios: list[Scenario], server: Server, options: Options) -> list[Event]:
    events: list[Event] = []

    async def main() -> None:
        async with serving(server):
            engine = Engine(TARGET, server.dial, events.append, options)
            with trio.move_on_after(seconds) as scope:
                await engine.run(scenarios)
            assert scope.cancelled_caught

    at_once(main)
    assert server.open_now == 0
    return events


async def lingering(**_: Client) -> Observation:
    await trio.sleep(100)
    return Held()


def written(path: Path, events: list[Event]) -> list[Event]:
    """The events as a reader of results.jsonl has them, each line held against the schema."""
    with JsonlWriter(path) as writer:
        for event in events:
            writer.write(event)
    checker = jsonschema.Draft202012Validator(results_schema())
    for line in path.read_bytes().splitlines():
        checker.validate(msgspec.json.decode(line))
    return list(read(path))


def test_a_stopped_run_says_so_and_its_events_are_whole(tmp_path: Path) -> None:
    several = [scenario(holding, id="rfc5321/4.5/done"), scenario(lingering), scenario(breaking, alone=True)]
    events = stopped_after(10, several, Server(), UNCONTROLLED)
    first, result, end = events
    assert isinstance(first, Run)
    assert isinstance(result, Result)
    assert result.scenario == "rfc5321/4.5/done"
    assert isinstance(end, End)
    assert not end.complete
    assert end.problem == "stopped before the end"
    assert end.counts["pass"] == 1
    assert end.seconds == pytest.approx(10, abs=0.1)
    assert written(tmp_path / "results.jsonl", events) == events


def test_a_run_that_is_stopped_at_its_control_is_announced_all_the_same(tmp_path: Path) -> None:
    events = stopped_after(5, [scenario(holding)], Server(greets_after=20), Options())
    first, end = events
    assert isinstance(first, Run)
    assert first.target.greeting == ""
    assert isinstance(end, End)
    assert (end.complete, end.problem) == (False, "stopped before the end")
    assert written(tmp_path / "results.jsonl", events) == events


@pytest.mark.parametrize("phase", ["confirm", "alone", "closing control"])
def test_a_run_can_be_stopped_in_every_phase(phase: str) -> None:
    observations: dict[str, list[Observation]] = {
        "confirm": [Held(confirm=True)],
        "alone": [Broken("this", "that"), Held()],
        "closing control": [],
    }
    shown = one_after_another(*observations[phase])
    left = [len(observations[phase])]

    async def body(**_: Client) -> Observation:
        if left[0]:
            left[0] -= 1
            return await shown()
        if phase != "closing control":
            await trio.sleep(1000)
        return Held()

    def slow_at_the_end(visit: Visit, line: bytes) -> bytes | None:
        return b"" if phase == "closing control" and visit.number == 3 and line.startswith(b"RCPT") else None

    events = stopped_after(20, [scenario(body)], Server(slow_at_the_end), Options())
    end = events[-1]
    assert isinstance(end, End)
    assert not end.complete
    assert sum(isinstance(event, Result) for event in events) == (phase == "closing control")


def test_an_event_that_can_not_be_taken_ends_the_run() -> None:
    taken: list[Event] = []

    def emit(event: Event) -> None:
        taken.append(event)
        if isinstance(event, Result):
            raise OSError("disk full")

    async def main() -> None:
        async with serving(Server()) as server:
            with pytest.raises((OSError, ExceptionGroup)):
                await Engine(TARGET, server.dial, emit, UNCONTROLLED).run([scenario(holding)])

    at_once(main)
    assert isinstance(taken[-1], End)
    assert not taken[-1].complete


# Some of a session's, and one by one.


class Turn:
    """Says when it is held."""

    def __init__(self) -> None:
        self.held = False
        self.times = 0

    def __enter__(self) -> None:
        self.held = True
        self.times += 1

    def __exit__(self, *_: object) -> None:
        self.held = False


def one(what: Scenario, turn: Turn | None = None, server: Server | None = None) -> tuple[Result, list[Event]]:
    events: list[Event] = []

    async def main() -> Result:
        async with serving(server or Server()) as serves:
            engine = Engine(TARGET, serves.dial, events.append)
            await engine.open()
            result = await engine.one(what, turn)
            await engine.close()
            assert engine.emit == events.append
            assert engine.counts == {result.verdict: 1}
            return result

    return at_once(main), events


def test_one_scenario_runs_to_its_result() -> None:
    result, events = one(scenario(noop(accepted)))
    assert events == [result]
    assert (result.verdict, purposes(result)) == (Verdict.PASS, ["first"])


def test_some_scenarios_overlap_and_what_they_find_is_confirmed_in_turn() -> None:
    turn = Turn()
    both = trio.Event()
    held: list[bool] = []

    async def waits(**_: Client) -> Observation:
        await both.wait()
        return Held()

    async def finds(**_: Client) -> Observation:
        held.append(turn.held)
        both.set()
        return Broken("this", "that")

    events: list[Event] = []

    async def main() -> None:
        async with serving(Server()) as serves:
            engine = Engine(TARGET, serves.dial, events.append)
            await engine.open()
            await engine.some([scenario(waits), scenario(finds)], turn)
            await engine.close()

    at_once(main)
    assert [event.verdict for event in events if isinstance(event, Result)] == [Verdict.PASS, Verdict.FAIL]
    assert held == [False, True]
    assert (turn.times, turn.held) == (1, False)


def test_a_finding_is_confirmed_in_turn() -> None:
    turn = Turn()
    held: list[bool] = []

    async def body(**_: Client) -> Observation:
        held.append(turn.held)
        return Broken("this", "that")

    result, events = one(scenario(body), turn)
    assert events == [result]
    assert (result.verdict, purposes(result)) == (Verdict.FAIL, ["first", "confirm"])
    assert held == [False, True]
    assert (turn.times, turn.held) == (1, False)


def test_a_disagreement_keeps_the_turn_to_its_end() -> None:
    turn = Turn()
    body = one_after_another(Broken("this", "that"), Held(), Broken("this", "that"), Broken("this", "that"))
    result, _ = one(scenario(body), turn)
    assert (result.verdict, result.unsteady) == (Verdict.FAIL, True)
    assert turn.times == 1


def test_what_wants_to_be_alone_has_its_turn() -> None:
    turn = Turn()
    held: list[bool] = []

    async def body(**_: Client) -> Observation:
        held.append(turn.held)
        return Broken("this", "that")

    result, _ = one(scenario(body, alone=True), turn)
    assert (result.verdict, purposes(result)) == (Verdict.FAIL, ["first"])
    assert (held, turn.held) == ([True], False)


@pytest.mark.parametrize(
    ("what", "verdict"),
    [
        (scenario(holding), Verdict.PASS),
        (scenario(open_question), Verdict.INCONCLUSIVE),
        (scenario(breaking, facts=("refused",)), Verdict.NOT_APPLICABLE),
        (scenario(breaking, offers=("STARTTLS",)), Verdict.NOT_APPLICABLE),
    ],
)
def test_what_needs_no_confirmation_needs_no_turn(what: Scenario, verdict: Verdict) -> None:
    turn = Turn()
    result, events = one(what, turn)
    assert result.verdict is verdict
    assert events == [result]
    assert turn.times == 0


def test_without_a_turn_a_finding_is_confirmed_too() -> None:
    result, _ = one(scenario(breaking))
    assert purposes(result) == ["first", "confirm"]


def test_a_refused_session_is_tried_again_for_one_scenario_too() -> None:
    busy = script(greeting=b"421 busy")
    server = Server(lambda visit, line: busy(visit, line) if visit.number == 2 else None)
    result, _ = one(scenario(holding), server=server)
    assert (result.verdict, purposes(result)) == (Verdict.PASS, ["first", "retry"])
