"""What every reply of a run is held to, beside the scenario that provoked it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine_scripts import (
    Ran,
    Server,
    breaking,
    clause,
    holding,
    noop,
    run,
    scenario,
    script,
)

from conformance.client import At, Client, Exchange
from conformance.engine import Options
from conformance.scenario import Broken, Held, Level, Observation, Took, Unclear, Verdict, Watch, accepted
from conformance.scenario._watches import Look

FORM = "rfc5321/4.2/watch_form"
VERBS = "rfc5321/4.2/watch_verbs"


def watch(look: Look, name: str = FORM, level: Level = Level.MUST) -> Watch:
    return Watch(name, clause(level, "watched"), look, "What the watch shows.")


def only_250(exchange: Exchange) -> Observation | None:
    if exchange.verb != "NOOP":
        return None
    return Held() if exchange.reply.code == 250 else Broken("250", str(exchange.reply))


def odd_server() -> Server:
    return Server(script(noop=b"299 odd"))


def test_a_watch_that_all_kept_passes_with_the_number_of_replies() -> None:
    ran = run([scenario(noop(accepted)) for _ in range(3)], watches=[watch(only_250)])
    folded = ran.results[FORM]
    assert (folded.verdict, folded.clause, folded.title) == (
        Verdict.PASS,
        "rfc5321/4.5/watched",
        "What the watch shows.",
    )
    assert folded.observation is not None
    assert folded.observation.seen == "3 replies"
    assert folded.attempts == ()
    assert ran.end.counts["pass"] == 4


@pytest.mark.parametrize(("level", "verdict"), [(Level.MUST, Verdict.FAIL), (Level.SHOULD, Verdict.DEVIATES)])
def test_what_a_watch_finds_is_one_result_with_the_first_evidence(level: Level, verdict: Verdict) -> None:
    several = [scenario(noop(accepted), id=f"rfc5321/4.5/{number}") for number in range(5)]
    ran = run(several, odd_server(), watches=[watch(only_250, level=level)], options=Options(overlap=1, controls=False))
    folded = ran.results[FORM]
    assert folded.verdict is verdict
    assert folded.observation is not None
    assert (folded.observation.expected, folded.observation.seen) == ("250", "299 odd")
    assert [attempt.token for attempt in folded.attempts] == [ran.results["rfc5321/4.5/0"].attempts[0].token]
    assert folded.repeat == f"smtp-conformance run rfc5321/4.5/0 {FORM}"
    assert ran.end.counts[verdict.value] == 1


def test_what_a_watch_finds_rides_on_the_result_and_changes_no_verdict() -> None:
    ran = run(scenario(noop(accepted), id="rfc5321/4.5/noop"), odd_server(), watches=[watch(only_250)])
    result = ran.results["rfc5321/4.5/noop"]
    assert result.verdict is Verdict.PASS
    (found,) = result.watched
    assert (found.watch, found.clause, found.verdict) == (FORM, "rfc5321/4.5/watched", Verdict.FAIL)
    assert found.observation.seen == "299 odd"


def test_what_a_watch_finds_is_not_confirmed() -> None:
    ran = run(scenario(noop(accepted)), odd_server(), watches=[watch(only_250)])
    assert [purpose for _, purpose in ran.started] == ["first"]


def test_a_finding_outweighs_what_is_unclear_before_and_after() -> None:
    seen: Iterator[Observation] = iter(
        [Unclear("odd"), Broken("250", "299"), Unclear("odd"), Held(), Broken("250", "298")]
    )

    def one_by_one(exchange: Exchange) -> Observation | None:
        return next(seen) if exchange.verb == "NOOP" else None

    ran = run(
        [scenario(noop(accepted)) for _ in range(5)],
        watches=[watch(one_by_one)],
        options=Options(overlap=1, controls=False),
    )
    observation = ran.results[FORM].observation
    assert observation is not None
    assert (observation.kind, observation.seen) == ("broken", "299")


@pytest.mark.parametrize(
    ("seen", "level", "verdict"),
    [(Unclear("who knows"), Level.MUST, Verdict.INCONCLUSIVE), (Took("says hello"), Level.MAY, Verdict.NOTED)],
)
def test_what_else_a_watch_says_is_graded_like_a_scenario(seen: Observation, level: Level, verdict: Verdict) -> None:
    ran = run(scenario(noop(accepted)), watches=[watch(lambda _: seen, level=level)])
    assert ran.results[FORM].verdict is verdict


def test_a_watched_clause_that_nobody_exercised_is_not_applicable() -> None:
    ran = run([scenario(holding), scenario(holding)], watches=[watch(only_250), watch(lambda _: None, VERBS)])
    assert ran.results[FORM].verdict is Verdict.NOT_APPLICABLE
    assert ran.results[FORM].why == "no reply that it is about was seen"
    assert ran.results[VERBS].attempts == ()
    assert ran.end.missing == {"a reply to watch": 2}


def test_a_watch_sees_every_reply_beside_the_verb_and_the_offers() -> None:
    seen: list[tuple[str | None, int, bool]] = []

    def look(exchange: Exchange) -> None:
        seen.append((exchange.verb, exchange.reply.code, "SIZE" in exchange.offers))

    async def body(smtp: Client) -> Observation:
        return accepted(await smtp.data())

    run(scenario(body, start=At.RCPT), watches=[watch(look)])
    assert seen == [
        ("CONNECT", 220, False),
        ("EHLO", 250, False),
        ("MAIL", 250, True),
        ("RCPT", 250, True),
        ("DATA", 354, True),
        ("DATA", 250, True),
        ("QUIT", 221, True),
    ]


def test_watches_look_at_the_second_connection_and_at_what_was_not_ready() -> None:
    seen: list[str | None] = []

    def look(exchange: Exchange) -> None:
        seen.append(exchange.verb)

    both = frozenset({"smtp", "second"})
    run(scenario(holding, needs=both), watches=[watch(look)])
    assert seen.count("EHLO") == 2
    seen.clear()
    run(scenario(holding, start=At.MAIL), Server(script(mail=b"550 no")), watches=[watch(look)])
    assert seen == ["CONNECT", "EHLO", "MAIL", "QUIT"]


def test_each_watch_has_a_result_behind_those_of_the_scenarios() -> None:
    ran = run(
        [scenario(breaking, id="rfc5321/4.5/found"), scenario(holding, id="rfc5321/4.5/kept")],
        watches=[watch(lambda _: Held()), watch(lambda _: None, VERBS)],
    )
    assert list(ran.results) == ["rfc5321/4.5/kept", "rfc5321/4.5/found", FORM, VERBS]


def test_the_control_deliveries_are_not_watched() -> None:
    def ran_with(controls: bool) -> Ran:
        return run(scenario(noop(accepted)), watches=[watch(lambda _: Held())], options=Options(controls=controls))

    results = [ran_with(controls).results[FORM].observation for controls in (True, False)]
    assert results[0] == results[1]
