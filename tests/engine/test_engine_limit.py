"""How many connections the engine opens at once, and when it tries again."""

from __future__ import annotations

import pytest
import trio
from engine_scripts import (
    CONNECT,
    GREETING,
    TARGET,
    UNCONTROLLED,
    Say,
    Server,
    Visit,
    at_once,
    breaking,
    holding,
    noop,
    only,
    purposes,
    run,
    scenario,
    script,
    tokens,
)

from conformance.client import At, Client
from conformance.engine import ConnectionLimit, Options
from conformance.scenario import Held, Observation, Verdict, accepted
from conformance.target import Limits, Target

SECONDS = 10.0


async def lingering(**_: Client) -> Observation:
    await trio.sleep(SECONDS)
    return Held()


def overlap(number: int, **options: object) -> Options:
    return Options(overlap=number, controls=False, **options)  # type: ignore[arg-type]


def test_scenarios_overlap_up_to_the_limit_and_no_further() -> None:
    ran = run([scenario(lingering) for _ in range(20)], options=overlap(5))
    assert ran.server.most_open == 5
    assert len(ran.server.visits) == 20
    assert ran.end.seconds == pytest.approx(4 * SECONDS, abs=1)
    assert ran.end.connections == 20


def test_a_scenario_with_a_second_connection_counts_twice() -> None:
    both = frozenset({"smtp", "second"})
    ran = run([scenario(lingering, needs=both) for _ in range(6)], options=overlap(5))
    assert ran.server.most_open == 4
    assert ran.end.connections == 12
    (first, *_) = ran.results.values()
    assert [connection.role for connection in first.attempts[0].connections] == ["client", "second"]


def test_a_scenario_that_needs_more_than_the_limit_runs_by_itself() -> None:
    both = frozenset({"smtp", "second"})
    ran = run([scenario(lingering), scenario(lingering, needs=both), scenario(lingering)], options=overlap(1))
    assert ran.server.most_open == 2
    assert ran.end.counts["pass"] == 3
    assert ran.end.seconds == pytest.approx(3 * SECONDS, abs=1)


@pytest.mark.parametrize(
    ("stated", "options", "most"), [(3, overlap(64), 3), (9, overlap(2), 2), (None, overlap(7), 7)]
)
def test_what_the_target_file_states_is_honoured(stated: int | None, options: Options, most: int) -> None:
    target = Target(address=TARGET.address, limits=Limits(connections=stated))
    ran = run([scenario(lingering) for _ in range(12)], target=target, options=options)
    assert ran.server.most_open == most


def refuses_more_than(number: int, say: Say) -> Say:
    """A server that bears so many at a time."""

    def door(visit: Visit, line: bytes) -> bytes | None:
        return say(visit, line) if visit.open_with >= number else None

    return door


REFUSALS = {
    "connection": (script(connect=b"refused"), At.EHLO),
    "greeting": (script(greeting=b"421 too many"), At.EHLO),
    "ehlo": (script(ehlo=b"421 too many"), At.EHLO),
    "mail": (script(mail=b"421 too many"), At.RCPT),
    "rcpt": (script(rcpt=b"421 too many"), At.RCPT),
    "data": (script(data=b"421 too many"), At.DATA),
}


@pytest.mark.parametrize(("say", "start"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_halves_the_limit_until_the_target_bears_it(say: Say, start: At) -> None:
    server = Server(refuses_more_than(4, say))
    ran = run([scenario(lingering, start=start) for _ in range(16)], server, options=overlap(16))
    assert ran.end.counts["pass"] == 16
    assert ran.end.lowest_limit == 4
    assert len(ran.server.visits) > 16


def test_many_refusals_at_once_are_one_lesson() -> None:
    server = Server(only(range(1, 17), script(greeting=b"421 too many")))
    ran = run([scenario(holding) for _ in range(16)], server, options=overlap(16))
    assert ran.end.counts["pass"] == 16
    assert ran.end.lowest_limit == 8


def test_the_limit_grows_by_one_per_twenty_clean_sessions() -> None:
    server = Server(only([1], script(greeting=b"421 too many")))
    ran = run([scenario(holding) for _ in range(45)], server, options=overlap(8))
    assert ran.end.lowest_limit == 4
    assert ran.engine.limit.limit == 6


def test_the_limit_grows_step_by_step_and_never_beyond_the_most() -> None:
    limit = ConnectionLimit(3)
    limit.refused(0)
    assert limit.limit == 1
    sizes = []
    for _ in range(80):
        limit.clean()
        sizes.append(limit.limit)
    assert sizes == [1] * 19 + [2] * 20 + [3] * 41
    assert limit.lowest == 1


def test_a_refusal_starts_the_count_of_clean_sessions_anew() -> None:
    limit = ConnectionLimit(4)
    limit.refused(0)
    for _ in range(19):
        limit.clean()
    limit.refused(1)
    limit.clean()
    assert limit.limit == 1


def test_the_limit_never_falls_below_one() -> None:
    limit = ConnectionLimit(2)
    for epoch in range(4):
        limit.refused(epoch)
    assert limit.limit == limit.lowest == 1


def test_a_limit_that_grew_lets_the_next_one_in_at_once() -> None:
    limit = ConnectionLimit(2)
    limit.refused(0)
    entered: list[float] = []

    async def hold() -> None:
        async with limit.connections(1):
            entered.append(trio.current_time())
            await trio.sleep(100)

    async def main() -> None:
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hold)
            nursery.start_soon(hold)
            await trio.sleep(10)
            for _ in range(20):
                limit.clean()
        assert [at - began for at in entered] == [0, pytest.approx(10)]

    at_once(main)


def test_who_needs_several_connections_does_not_starve() -> None:
    limit = ConnectionLimit(2)
    served: list[str] = []

    async def hold(name: str, number: int, seconds: float) -> None:
        async with limit.connections(number):
            served.append(name)
            await trio.sleep(seconds)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for name, number, seconds in (("a", 1, 5), ("b", 1, 9), ("both", 2, 1), ("c", 1, 1), ("d", 1, 1)):
                nursery.start_soon(hold, name, number, seconds)
                await trio.sleep(0.1)

    at_once(main)
    assert served == ["a", "b", "both", "c", "d"]


@pytest.mark.parametrize(("say", "start"), REFUSALS.values(), ids=REFUSALS)
def test_three_refusals_with_growing_pauses_are_inconclusive(say: Say, start: At) -> None:
    ran = run(scenario(holding, start=start), Server(say))
    assert ran.result.verdict is Verdict.INCONCLUSIVE
    assert ran.result.why
    assert purposes(ran.result) == ["first", "retry", "retry"]
    first, second, third = (visit.at for visit in ran.server.visits)
    assert 0.5 <= second - first < 1 <= third - second < 1.5


def test_the_reason_names_the_rung_and_what_the_target_said() -> None:
    assert run(scenario(holding), Server(script(connect=b"no"))).result.why == "connect: Connection refused"
    assert run(scenario(holding), Server(script(greeting=b"421 no"))).result.why == "greeting: 421 no"
    assert run(scenario(holding, start=At.MAIL), Server(script(mail=b"421 no"))).result.why == "MAIL: 421 no"


def test_a_retry_that_is_served_decides_and_has_a_new_token() -> None:
    ran = run(scenario(holding), Server(only([1, 2], script(greeting=b"421 busy"))))
    assert ran.result.verdict is Verdict.PASS
    assert purposes(ran.result) == ["first", "retry", "retry"]
    assert len(set(tokens(ran.result))) == 3
    assert [attempt.verdict for attempt in ran.result.attempts] == ["inconclusive", "inconclusive", "pass"]


@pytest.mark.parametrize("code", [b"450 later", b"451 later", b"452 full", b"550 no", b"554 no"])
def test_any_other_refusal_of_a_rung_is_final(code: bytes) -> None:
    ran = run(scenario(holding, start=At.MAIL), Server(script(mail=code)))
    assert ran.result.verdict is Verdict.INCONCLUSIVE
    assert ran.result.why == f"MAIL: {code.decode()}"
    assert purposes(ran.result) == ["first"]
    assert ran.end.lowest_limit == UNCONTROLLED.overlap


def test_a_greeting_that_never_comes_is_a_queue_and_tried_again() -> None:
    ran = run(scenario(holding), Server(only([1], script(greeting=b""))))
    assert ran.result.verdict is Verdict.PASS
    assert purposes(ran.result) == ["first", "retry"]
    assert ran.server.visits[1].at - ran.server.visits[0].at > UNCONTROLLED.timeout


def test_a_421_in_a_body_is_an_outcome() -> None:
    ran = run(scenario(noop(accepted)), Server(script(noop=b"421 closing")))
    assert ran.result.verdict is Verdict.INCONCLUSIVE
    assert "421 closing" in ran.result.why
    assert purposes(ran.result) == ["first"]
    assert ran.end.lowest_limit == UNCONTROLLED.overlap


def test_a_421_to_a_set_up_verb_of_a_body_is_not_tried_again() -> None:
    async def body(smtp: Client) -> Observation:
        await smtp.deliver()
        await smtp.deliver()
        return Held()

    def closes_on_the_second(visit: Visit, line: bytes) -> bytes | None:
        return b"421 enough" if line.startswith(b"MAIL") and visit.content else None

    ran = run(scenario(body), Server(closes_on_the_second))
    assert ran.result.verdict is Verdict.INCONCLUSIVE
    assert ran.result.why == "MAIL: 421 enough"
    assert purposes(ran.result) == ["first"]
    assert ran.end.lowest_limit == UNCONTROLLED.overlap


def test_a_421_to_a_rung_that_a_body_climbs_first_of_all_is_tried_again() -> None:
    async def body(smtp: Client) -> Observation:
        await smtp.climb(At.GREETING)
        return Held()

    ran = run(scenario(body, start=At.CONNECT), Server(only([1], script(greeting=b"421 busy"))))
    assert ran.result.verdict is Verdict.PASS
    assert purposes(ran.result) == ["first", "retry"]


def test_no_more_than_eight_wait_for_their_greeting() -> None:
    waiting: list[int] = []
    greeted = 0

    def count(visit: Visit, line: bytes) -> bytes | None:
        nonlocal greeted
        if line == CONNECT:
            waiting.append(visit.number - greeted)
        greeted += line == GREETING
        return None

    ran = run([scenario(holding) for _ in range(30)], Server(count, greets_after=0.25))
    assert ran.end.counts["pass"] == 30
    assert max(waiting) == 8


def test_a_server_that_lets_every_client_wait_does_not_hold_up_the_door() -> None:
    ran = run([scenario(holding) for _ in range(16)], Server(greets_after=20))
    assert ran.end.counts["pass"] == 16
    assert ran.server.visits[15].at - ran.server.visits[0].at == pytest.approx(0.5, abs=0.1)


def test_a_target_that_is_gone_is_not_waited_for() -> None:
    server = Server(lambda visit, line: b"gone" if line == CONNECT and visit.number > 3 else None)
    ran = run([scenario(breaking) for _ in range(3)] + [scenario(holding) for _ in range(200)], server)
    assert ran.end.counts["inconclusive"] == 203
    assert len(server.visits) < 300
    assert ran.end.seconds < 30


def test_a_target_that_comes_back_is_served_again() -> None:
    server = Server(only(range(1, 61), script(connect=b"gone")))
    ran = run([scenario(holding) for _ in range(100)], server, options=overlap(8))
    assert ran.end.counts["pass"] >= 40
    assert ran.engine.not_taken == 0
