"""A finding is a finding only when it repeats."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from engine_scripts import (
    UNCONTROLLED,
    Ran,
    Server,
    breaking,
    clause,
    holding,
    one_after_another,
    purposes,
    run,
    scenario,
    script,
    tokens,
)

from conformance.client import At, Client, Segmentation
from conformance.engine import Options
from conformance.scenario import Broken, Held, Level, Observation, Took, Unclear, Verdict

FOUND, KEPT, OPEN = Broken("this", "that"), Held("it"), Unclear("a 421 proves nothing")


def ran_with(*observations: Observation, level: Level = Level.MUST) -> Ran:
    return run(scenario(one_after_another(*observations), clause=clause(level)))


@pytest.mark.parametrize(("level", "verdict"), [(Level.MUST, Verdict.FAIL), (Level.SHOULD_NOT, Verdict.DEVIATES)])
def test_a_finding_that_repeats_is_settled(level: Level, verdict: Verdict) -> None:
    ran = ran_with(FOUND, FOUND, level=level)
    assert ran.result.verdict is verdict
    assert not ran.result.unsteady
    assert purposes(ran.result) == ["first", "confirm"]
    assert ran.result.observation is not None
    assert (ran.result.observation.expected, ran.result.observation.seen) == ("this", "that")


def test_every_attempt_has_a_token_of_its_own_and_its_own_transcript() -> None:
    found: list[str] = []

    async def body(smtp: Client) -> Observation:
        found.append(smtp.token)
        await smtp.deliver()
        return FOUND

    ran = run(scenario(body))
    assert tokens(ran.result) == found
    assert len(set(found)) == 2
    for visit, token in zip(ran.server.visits, found, strict=True):
        assert token.encode() in visit.content[0]
    assert len({attempt.connections for attempt in ran.result.attempts}) == 2


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ((KEPT, FOUND, FOUND), Verdict.FAIL),
        ((OPEN, FOUND, FOUND), Verdict.FAIL),
        ((KEPT, FOUND, KEPT), Verdict.INCONCLUSIVE),
        ((KEPT, KEPT, FOUND), Verdict.INCONCLUSIVE),
        ((OPEN, KEPT, FOUND), Verdict.INCONCLUSIVE),
        ((OPEN, KEPT, OPEN), Verdict.INCONCLUSIVE),
        ((KEPT, KEPT, KEPT), Verdict.PASS),
        ((OPEN, OPEN, OPEN), Verdict.INCONCLUSIVE),
    ],
    ids=str,
)
def test_one_that_disagrees_is_tried_twice_more_and_two_thirds_decide(
    after: tuple[Observation, ...], verdict: Verdict
) -> None:
    ran = ran_with(FOUND, *after)
    assert ran.result.verdict is verdict
    assert ran.result.unsteady
    assert purposes(ran.result) == ["first", "confirm", "confirm", "confirm"]
    assert len(set(tokens(ran.result))) == 4


def test_an_unsteady_finding_shows_what_was_found() -> None:
    observation = ran_with(FOUND, KEPT, FOUND, FOUND).result.observation
    assert observation is not None
    assert (observation.kind, observation.seen) == ("broken", "that")


def test_a_disagreement_says_how_often_what_was_seen() -> None:
    result = ran_with(FOUND, KEPT, FOUND, KEPT).result
    assert result.why == "repeated runs disagree: broken 2x, held 2x"
    assert result.observation is None


def test_another_way_to_break_it_is_no_disagreement() -> None:
    ran = ran_with(FOUND, Broken("this", "something else"))
    assert (ran.result.verdict, purposes(ran.result)) == (Verdict.FAIL, ["first", "confirm"])


def test_what_is_held_by_waiting_is_confirmed_like_a_finding() -> None:
    waited = Held("silence", confirm=True)
    steady = ran_with(waited, waited)
    assert (steady.result.verdict, purposes(steady.result)) == (Verdict.PASS, ["first", "confirm"])
    assert not steady.result.unsteady
    unsteady = ran_with(waited, FOUND, waited, FOUND)
    assert unsteady.result.verdict is Verdict.INCONCLUSIVE
    found = ran_with(waited, FOUND, FOUND, FOUND)
    assert (found.result.verdict, found.result.unsteady) == (Verdict.FAIL, True)


@pytest.mark.parametrize("seen", [KEPT, OPEN, Took("lists HELP")], ids=str)
def test_anything_else_is_not_confirmed(seen: Observation) -> None:
    level = Level.MAY if isinstance(seen, Took) else Level.MUST
    assert purposes(ran_with(seen, level=level).result) == ["first"]


def test_without_confirmation_the_first_word_is_the_last() -> None:
    ran = run(scenario(breaking), options=Options(controls=False, confirm=False))
    assert (ran.result.verdict, purposes(ran.result)) == (Verdict.FAIL, ["first"])


def test_an_attempt_that_the_target_refused_counts_for_neither_side() -> None:
    async def body(smtp: Client) -> Observation:
        del smtp
        return FOUND

    refuses = script(greeting=b"421 busy")
    ran = run(scenario(body), Server(lambda visit, line: refuses(visit, line) if visit.number in {2, 3, 4} else None))
    assert ran.result.verdict is Verdict.FAIL
    assert purposes(ran.result) == ["first", "confirm", "retry", "retry", "confirm", "confirm"]


@pytest.mark.parametrize("seen", [FOUND, Held(confirm=True)])
def test_what_the_target_serves_no_repetition_of_is_inconclusive(seen: Observation) -> None:
    async def body(smtp: Client) -> Observation:
        del smtp
        return seen

    refuses = script(greeting=b"421 busy")
    ran = run(scenario(body), Server(lambda visit, line: refuses(visit, line) if visit.number > 1 else None))
    assert ran.result.verdict is Verdict.INCONCLUSIVE
    assert ran.result.why.startswith("seen once, and the target serves no repetition: ")


class Crowd:
    """Counts how many bodies run beside each other, by the phase that each is in."""

    def __init__(self) -> None:
        self.inside = 0
        self.first: list[int] = []
        self.confirming: list[int] = []

    def body(self, *observations: Observation) -> Callable[..., Awaitable[Observation]]:
        left = list(observations)

        async def count(smtp: Client) -> Observation:
            del smtp
            phase = self.first if len(left) == len(observations) else self.confirming
            self.inside += 1
            await trio.sleep(1)
            phase.append(self.inside)
            await trio.sleep(1)
            self.inside -= 1
            return left.pop(0)

        return count


def test_confirmation_overlaps_by_four() -> None:
    crowd = Crowd()
    ran = run([scenario(crowd.body(FOUND, FOUND)) for _ in range(10)])
    assert ran.end.counts["fail"] == 10
    assert max(crowd.first) == 10
    assert max(crowd.confirming) == 4


def test_what_disagrees_is_tried_alone() -> None:
    crowd = Crowd()
    run([scenario(crowd.body(FOUND, KEPT, FOUND, FOUND)) for _ in range(3)])
    assert crowd.confirming == [3, 3, 3, 1, 1, 1, 1, 1, 1]


def test_confirmation_waits_for_the_end_of_the_main_phase() -> None:
    async def slow_one(smtp: Client) -> Observation:
        del smtp
        await trio.sleep(100)
        return KEPT

    ran = run([scenario(breaking, id="rfc5321/4.5/found"), scenario(slow_one, id="rfc5321/4.5/long")])
    assert list(ran.results) == ["rfc5321/4.5/long", "rfc5321/4.5/found"]
    assert ran.started[-1] == ("rfc5321/4.5/found", "confirm")


def test_a_scenario_that_wants_to_be_alone_is_alone_and_exempt() -> None:
    crowd = Crowd()
    others = [scenario(crowd.body(KEPT)) for _ in range(3)]
    ran = run([scenario(crowd.body(FOUND), alone=True), *others, scenario(crowd.body(FOUND), alone=True)])
    assert ran.end.counts["fail"] == 2
    assert crowd.first == [3, 3, 3, 1, 1]
    assert all(purposes(result) == ["first"] for result in ran.results.values())


def test_a_scenario_alone_has_only_its_own_connections() -> None:
    ran = run([scenario(holding, alone=True), scenario(holding, start=At.CONNECT), scenario(holding, alone=True)])
    assert [visit.open_with for visit in ran.server.visits] == [0, 0, 0]


def test_slow_scenarios_start_first_then_the_ones_that_are_sent_in_segments() -> None:
    slow = [scenario(holding, slow=True) for _ in range(3)]
    cut = [scenario(holding, segmentation=Segmentation.OCTETS) for _ in range(3)]
    whole = [scenario(holding) for _ in range(3)]
    for _ in range(10):  # the order must not depend on how trio shuffles its tasks
        ran = run([*whole, *slow, *cut], options=Options(controls=False, slow=True, overlap=2))
        assert [name for name, _ in ran.started] == [each.id for each in [*slow, *cut, *whole]]


def test_a_slow_scenario_runs_only_when_it_is_asked_for() -> None:
    ran = run([scenario(holding), scenario(holding, slow=True, id="rfc5321/4.5/slow")], options=UNCONTROLLED)
    assert ran.results["rfc5321/4.5/slow"].verdict is Verdict.NOT_APPLICABLE
    assert ran.end.missing == {"--slow": 1}
