"""What the kill matrix makes of a defect: caught, missed, another accused, or a mistake of ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from reference_scenarios import clause, noop, scenario

from conformance.client import At, Client, Exchange, Segmentation
from conformance.reference import Answer, Defect, ServerSession, Trial, answer, kill, try_scenarios
from conformance.reference._chunking import Chunking
from conformance.reference._kills import FRAMING, Kill, kill_all
from conformance.scenario import (
    Broken,
    Clause,
    Held,
    Level,
    Observation,
    Scenario,
    Verdict,
    Watch,
    accepted,
    answered,
    presume,
    refused,
    took,
)
from conformance.wire import Reply


async def reset(smtp: Client) -> Observation:
    return accepted(await smtp.say(b"RSET"))


async def reset_beside_noop(smtp: Client) -> Observation:
    presume(accepted(await smtp.say(b"NOOP")))
    return accepted(await smtp.say(b"RSET"))


async def unknown(smtp: Client) -> Observation:
    return refused(await smtp.say(b"XYZZY"))


NOOP = scenario("noop", noop)
RESET = scenario("reset", reset)
UNKNOWN = scenario("unknown", unknown)
THREE = (NOOP, RESET, UNKNOWN)


def always(given: Answer) -> Callable[..., Answer]:
    def decide(*_: object) -> Answer:
        return given

    return decide


def broken_at(point: str, given: Answer, **said: set[str]) -> Defect:
    sets = {name: frozenset(said.get(name, ())) for name in ("proves", "also", "varies")}
    return Defect("broken", "Is broken.", ((point, always(given)),), **sets)


def known(*members: Scenario | Watch) -> dict[str, Clause]:
    return {member.id: member.clause for member in members}


def names(trials: list[Trial]) -> list[str]:
    return [trial.scenario.id for trial in trials]


def test_a_clean_server_is_tried_and_what_was_asked_is_recorded() -> None:
    trials = try_scenarios(THREE)
    assert names(trials) == [each.id for each in THREE]
    assert [trial.attempted.verdict for trial in trials] == [Verdict.PASS] * 3
    assert [trial.accused() for trial in trials] == [{}, {}, {}]
    assert {"noop", "greeting", "ehlo"} <= trials[0].consulted
    assert not {"rset", "quit"} & trials[0].consulted, "what comes after the observation does not count"
    assert "rset" in trials[1].consulted


def test_each_scenario_has_a_server_of_its_own() -> None:
    async def one_line(smtp: Client) -> Observation:
        await smtp.say(b"MAIL FROM:<>")
        return Held()

    async def no_transaction_of_another(smtp: Client) -> Observation:
        return refused(await smtp.rcpt())

    trials = try_scenarios([scenario("a", one_line), scenario("b", no_transaction_of_another)])
    assert [trial.attempted.verdict for trial in trials] == [Verdict.PASS, Verdict.PASS]


def test_a_host_that_takes_no_mail_is_tried_where_the_clause_is_about_one() -> None:
    async def greeted(smtp: Client) -> Observation:
        return answered(await smtp.reply(), {554})

    about = scenario("greeted", greeted, start=At.CONNECT, roles=frozenset({"554-only"}))
    (trial,) = try_scenarios([about])
    assert trial.attempted.verdict is Verdict.PASS


def test_a_defect_that_is_found_by_what_proves_it_is_killed() -> None:
    defect = broken_at("noop", answer(502, b"No"), proves={NOOP.id})
    found = kill(defect, try_scenarios(THREE))
    assert set(found.accusers) == {NOOP.id}
    assert found.accusers[NOOP.id] == NOOP.clause
    assert found.missed(known(*THREE)) == set()
    assert found.wrongly_accused(known(*THREE)) == {}
    assert found.errors == {}


def test_a_defect_that_nobody_sees_is_missed() -> None:
    defect = broken_at("noop", answer(250, b"Another text"), proves={NOOP.id})
    found = kill(defect, try_scenarios(THREE))
    assert found.accusers == {}
    assert found.missed(known(*THREE)) == {NOOP.id}


def test_a_scenario_that_does_not_ask_the_point_misses_it() -> None:
    defect = broken_at("noop", answer(502, b"No"), proves={NOOP.id, RESET.id})
    found = kill(defect, try_scenarios(THREE))
    assert set(found.observations) == {NOOP.id}
    assert found.missed(known(*THREE)) == {RESET.id}


def test_a_pattern_is_missed_by_every_scenario_that_it_means() -> None:
    rows = [scenario(f"noop[{row}]", noop if row == "a" else reset) for row in "abc"]
    defect = broken_at("noop", answer(502, b"No"), proves={"rfc5321/4.1/noop[?]"})
    found = kill(defect, try_scenarios(rows))
    assert found.missed(known(*rows)) == {rows[1].id, rows[2].id}


def test_a_clause_that_a_defect_does_not_break_is_wrongly_accused() -> None:
    careless = scenario("careless", reset_beside_noop)

    async def blames(smtp: Client) -> Observation:
        return answered(await smtp.say(b"NOOP"), {250})

    blaming = scenario("blaming", blames)
    several = (NOOP, careless, blaming)
    defect = broken_at("noop", answer(502, b"No"), proves={NOOP.id})
    found = kill(defect, try_scenarios(several))
    assert found.wrongly_accused(known(*several)) == {blaming.id: blaming.clause.id}
    assert careless.id not in found.accusers, "its control did not hold"
    assert found.missed(known(*several)) == set()


def test_a_clause_that_a_defect_breaks_besides_is_rightly_accused() -> None:
    other = scenario("other", noop)
    defect = broken_at("noop", answer(502, b"No"), proves={NOOP.id}, also={other.clause.id})
    found = kill(defect, try_scenarios([NOOP, other]))
    assert set(found.accusers) == {NOOP.id, other.id}
    assert found.wrongly_accused(known(NOOP, other)) == {}


def test_another_scenario_about_the_same_clause_may_find_it_too() -> None:
    same = scenario("same", noop, clause=NOOP.clause)
    defect = broken_at("noop", answer(502, b"No"), proves={NOOP.id})
    assert kill(defect, try_scenarios([NOOP, same])).wrongly_accused(known(NOOP, same)) == {}


def test_a_scenario_that_breaks_on_a_defect_is_an_error_and_no_kill() -> None:
    async def fragile(smtp: Client) -> Observation:
        outcome = await smtp.say(b"NOOP")
        assert isinstance(outcome, Reply)
        if outcome.code != 250:
            raise LookupError("did not expect that")
        return Held()

    breaks = scenario("fragile", fragile)
    found = kill(broken_at("noop", answer(502, b"No"), proves={breaks.id}), try_scenarios([breaks]))
    assert list(found.errors) == [breaks.id]
    assert found.errors[breaks.id].endswith("LookupError: did not expect that")
    assert found.missed(known(breaks)) == {breaks.id}
    assert found.wrongly_accused(known(breaks)) == {}


def test_a_may_that_is_called_broken_is_an_error() -> None:
    async def judges(smtp: Client) -> Observation:
        return answered(await smtp.say(b"NOOP"), {250})

    wrong = scenario("judges", judges, clause=clause("judges", Level.MAY))
    found = kill(broken_at("noop", answer(502, b"No"), proves={wrong.id}), try_scenarios([wrong]))
    assert found.errors == {wrong.id: "a MAY can't be broken"}


def test_a_defect_that_only_varies_is_seen_and_accuses_nobody() -> None:
    async def branch(smtp: Client) -> Observation:
        outcome = await smtp.say(b"NOOP")
        assert isinstance(outcome, Reply)
        return took(f"answers {outcome.code}", outcome)

    may = scenario("branch", branch, clause=clause("branch", Level.MAY))
    clean = try_scenarios([may])
    found = kill(broken_at("noop", answer(251, b"OK"), varies={may.id}), clean)
    assert found.accusers == {}
    assert found.defect.varied(known(may)) == {may.id}
    assert found.observations[may.id] != clean[0].attempted.observation


def only_250(exchange: Exchange) -> Observation | None:
    if exchange.verb != "NOOP":
        return None
    return Held() if exchange.reply.code == 250 else Broken("250", str(exchange.reply))


def test_a_watch_proves_and_accuses_like_a_scenario() -> None:
    async def says_noop(smtp: Client) -> Observation:
        await smtp.say(b"NOOP")
        return Held()

    watch = Watch("rfc5321/4.1/watch_noop", clause("watched"), only_250, "NOOP gets 250.")
    says = scenario("says", says_noop)
    clean = try_scenarios([says], [watch])
    assert clean[0].accused() == {}
    found = kill(broken_at("noop", answer(251, b"OK"), proves={watch.id}), clean, [watch])
    assert found.accusers == {watch.id: watch.clause}
    assert found.missed(known(says, watch)) == set()
    other = kill(broken_at("noop", answer(251, b"OK"), proves={says.id}), clean, [watch])
    assert other.missed(known(says, watch)) == {says.id}
    assert other.wrongly_accused(known(says, watch)) == {watch.id: watch.clause.id}


def test_a_defect_is_tried_only_where_its_point_was_asked() -> None:
    found = kill(broken_at("rset", answer(502, b"No")), try_scenarios(THREE))
    assert set(found.observations) == {RESET.id}
    everywhere = kill_all(broken_at("rset", answer(502, b"No")), THREE)
    assert set(everywhere.observations) == {each.id for each in THREE}
    assert everywhere.accusers == found.accusers


def test_a_defect_of_one_case_is_tried_only_where_the_case_came_up() -> None:
    def mumbles(*_: object) -> bytes:
        return b"599 what\r\n"

    found = kill(Defect("d", "Mumbles.", (("render:500", mumbles),), frozenset()), try_scenarios(THREE))
    assert set(found.observations) == {UNKNOWN.id}


def test_a_defect_that_looked_on_is_tried_only_where_it_would_have_decided_otherwise() -> None:
    def not_here(clean: Callable[[bytes], Answer], _session: ServerSession, line: bytes) -> Answer:
        return answer(502, b"No") if line == b"NOOP" else clean(line)

    defect = Defect("broken", "Is broken.", (("command", not_here),), frozenset({NOOP.id}))
    clean = try_scenarios(THREE, shadows=[defect])
    assert [trial.attempted.verdict for trial in clean] == [Verdict.PASS] * 3
    assert [trial.concerns(defect) for trial in clean] == [True, False, False]
    found = kill(defect, clean)
    assert set(found.observations) == {NOOP.id}
    assert found.accusers == kill(defect, try_scenarios(THREE)).accusers == {NOOP.id: NOOP.clause}


def counting(seen: list[bytes], *points: str) -> Defect:
    def second_time(clean: Callable[[bytes], Answer], _session: ServerSession, octets: bytes) -> Answer:
        seen.append(octets)
        return clean(octets) if len(seen) < 2 else answer(421, b"Enough")

    return Defect("-".join(points), "Counts.", tuple((point, second_time) for point in points), frozenset())


def test_a_defect_with_a_memory_looks_on_where_it_decides_at_one_point_and_shares_its_memory_with_no_other() -> None:
    shared: list[bytes] = []
    defects = [counting([], "noop"), counting([], "noop", "rset"), counting(shared, "rset"), counting(shared, "vrfy")]
    (trial,) = try_scenarios([NOOP], shadows=defects)
    assert trial.looked_on == {"noop"}
    assert trial.touched == frozenset()


@pytest.mark.parametrize(
    ("point", "proves", "tried"),
    [("noop", False, False), ("noop", True, True), ("find_command_line", False, True), ("greeting", False, True)],
)
def test_a_cut_copy_is_tried_where_the_server_can_tell_it_from_the_whole(point: str, proves: bool, tried: bool) -> None:
    cut = scenario("noop~octets", noop, clause=NOOP.clause, segmentation=Segmentation.OCTETS)

    def clean_too(clean: Callable[..., object], _session: ServerSession, *arguments: object) -> object:
        return clean(*arguments)

    defect = Defect("d", "Is broken.", ((point, clean_too),), frozenset({cut.id} if proves else ()))
    found = kill(defect, try_scenarios([NOOP, cut]))
    assert set(found.observations) == ({NOOP.id, cut.id} if tried else {NOOP.id})


def test_the_points_that_see_how_octets_come_in_are_points() -> None:
    assert all(hasattr(ServerSession, point) or hasattr(Chunking, point) for point in FRAMING)


def test_nothing_is_wrongly_accused_where_nothing_was_found() -> None:
    nothing = Kill(broken_at("noop", answer(502, b"No"), proves={NOOP.id}))
    assert nothing.wrongly_accused(known(NOOP)) == {}
    assert nothing.missed(known(NOOP)) == {NOOP.id}
    assert nothing.missed({}) == set()


def test_trying_takes_no_time_and_waits_are_jumped_over() -> None:
    async def waits(smtp: Client) -> Observation:
        outcomes = await smtp.replies(quiet=600)
        return Held() if not outcomes else Broken("silence", str(outcomes))

    (trial,) = try_scenarios([scenario("waits", waits)])
    assert trial.attempted.verdict is Verdict.INCONCLUSIVE  # the deadline of an attempt is shorter
    (trial,) = try_scenarios([scenario("waits", waits, slow=True)])
    assert trial.attempted.verdict is Verdict.PASS
    assert trial.attempted.seconds >= 600
