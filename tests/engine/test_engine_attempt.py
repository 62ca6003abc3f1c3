"""What becomes of one attempt: a verdict, an error of ours, or nothing to say; and how it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

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
    clause,
    heard,
    holding,
    noop,
    purposes,
    run,
    scenario,
    script,
    serving,
)

from conformance.client import At, Client, NotReady, Segmentation
from conformance.engine import Attempted, Options, Setting, attempt
from conformance.scenario import (
    BadScenarioError,
    Broken,
    Held,
    Level,
    Observation,
    Scenario,
    Took,
    Unclear,
    Verdict,
    accepted,
    presume,
    refused,
)

SAYS_NOTHING = Unclear("a 421 proves nothing")


def said(observation: Observation) -> Callable[..., Awaitable[Observation]]:
    async def body(**_: Client) -> Observation:
        return observation

    return body


@pytest.mark.parametrize(
    ("observation", "level", "verdict"),
    [
        (Held(), Level.MUST, Verdict.PASS),
        (Held(), Level.MAY, Verdict.PASS),
        (Broken("this", "that"), Level.MUST_NOT, Verdict.FAIL),
        (Broken("this", "that"), Level.SHOULD, Verdict.DEVIATES),
        (Took("lists HELP"), Level.MAY, Verdict.NOTED),
        (SAYS_NOTHING, Level.MUST, Verdict.INCONCLUSIVE),
        (SAYS_NOTHING, Level.MAY, Verdict.INCONCLUSIVE),
        (Broken("this", "that"), Level.MAY, Verdict.ERROR),
        (Took("a branch"), Level.SHOULD, Verdict.ERROR),
    ],
)
def test_the_level_of_the_clause_grades(observation: Observation, level: Level, verdict: Verdict) -> None:
    result = run(scenario(said(observation), clause=clause(level))).result
    assert result.verdict is verdict
    assert result.level == level.value


def test_a_claim_that_the_level_does_not_allow_says_so() -> None:
    result = run(scenario(said(Took("a branch")))).result
    assert result.why == "only a MAY has branches, and this clause is a MUST"


def test_a_claim_that_the_level_does_not_allow_is_our_error_and_not_confirmed() -> None:
    result = run(scenario(breaking, clause=clause(Level.MAY))).result
    assert (result.verdict, result.why) == (Verdict.ERROR, "a MAY can't be broken")
    assert purposes(result) == ["first"]


def test_a_result_says_what_was_tried_and_shows_the_octets() -> None:
    result = run(scenario(noop(accepted), id="rfc5321/4.1.1.9/noop")).result
    assert result.scenario == "rfc5321/4.1.1.9/noop"
    assert (result.clause, result.says, result.lines) == ("rfc5321/4.5/keeps-it", "The server keeps it.", (1, 2))
    assert result.link == "https://www.rfc-editor.org/rfc/rfc5321.html#section-4.5"
    assert result.repeat == "smtp-conformance run rfc5321/4.1.1.9/noop"
    assert result.observation is not None
    assert (result.observation.kind, result.observation.seen) == ("held", "250 OK")
    (connection,) = result.attempts[0].connections
    assert [(entry.sender, entry.octets) for entry in connection.entries[3:5]] == [
        ("us", b"NOOP\r\n"),
        ("them", b"250 OK\r\n"),
    ]


async def no_such_row(**_: Client) -> Observation:
    raise ValueError("no such row")


def test_what_a_scenario_raises_is_our_error_with_the_end_of_the_traceback() -> None:
    result = run(scenario(no_such_row)).result
    assert result.verdict is Verdict.ERROR
    assert result.why.splitlines()[0] == "Traceback (most recent call last):"
    assert "in no_such_row" in result.why
    assert result.why.endswith("ValueError: no such row")
    assert purposes(result) == ["first"]


def test_a_deep_traceback_is_cut_to_its_end() -> None:
    async def deep(smtp: Client) -> Observation:
        del smtp

        def fall(levels: int) -> Observation:
            if not levels:
                raise LookupError("at the bottom")
            return fall(levels - 1)

        return fall(50)

    result = run(scenario(deep)).result
    assert result.why.endswith("LookupError: at the bottom")
    assert len(result.why.splitlines()) < 20


def raising(*errors: Exception) -> Callable[..., Awaitable[Observation]]:
    async def body(smtp: Client) -> Observation:
        async def fail(error: Exception) -> None:
            raise error

        async with trio.open_nursery() as nursery:
            for error in errors:
                nursery.start_soon(fail, error)
        await smtp.say(b"NOOP")
        return Held()

    return body


def test_a_group_of_rungs_not_reached_is_inconclusive() -> None:
    result = run(scenario(raising(NotReady("RCPT", "550 no"), NotReady("STARTTLS", "454 later")))).result
    assert result.verdict is Verdict.INCONCLUSIVE
    assert sorted(result.why.split("; ")) == ["RCPT: 550 no", "STARTTLS: 454 later"]
    assert purposes(result) == ["first"]


def test_groups_within_groups_are_unwrapped() -> None:
    inner = ExceptionGroup("inner", [NotReady("MAIL", "550 no")])
    assert run(scenario(raising(inner))).result.why == "MAIL: 550 no"
    mixed = ExceptionGroup("inner", [NotReady("MAIL", "550 no"), ValueError("no such row")])
    assert run(scenario(raising(mixed))).result.why.endswith("ValueError: no such row")


def test_any_mistake_in_a_group_is_our_error() -> None:
    for errors in ([NotReady("MAIL", "550 no"), KeyError("row")], [KeyError("row"), NotReady("MAIL", "550 no")]):
        result = run(scenario(raising(*errors))).result
        assert result.verdict is Verdict.ERROR
        assert result.why.endswith("KeyError: 'row'")


def test_a_bad_claim_in_a_group_is_our_error_too() -> None:
    assert run(scenario(raising(BadScenarioError("no branches")))).result.verdict is Verdict.ERROR


def test_a_control_that_does_not_hold_makes_the_scenario_inconclusive() -> None:
    async def body(smtp: Client) -> Observation:
        presume(refused(await smtp.say(b"DATA")))
        return Broken("never", "reached")

    result = run(scenario(body), Server(script(data=b"250 what"))).result
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.why == "control: expected a 5yz refusal, got 250 what"


@pytest.mark.parametrize("start", [At.MAIL, At.RCPT, At.DATA])
def test_a_rung_that_is_refused_is_named(start: At) -> None:
    result = run(scenario(breaking, start=start), Server(script(mail=b"550 not you"))).result
    assert (result.verdict, result.why) == (Verdict.INCONCLUSIVE, "MAIL: 550 not you")
    assert b"550 not you" in heard(result)


@pytest.mark.parametrize(
    ("start", "said_before"),
    [
        (At.CONNECT, []),
        (At.GREETING, []),
        (At.EHLO, [b"EHLO"]),
        (At.MAIL, [b"EHLO", b"MAIL"]),
        (At.RCPT, [b"EHLO", b"MAIL", b"RCPT"]),
        (At.DATA, [b"EHLO", b"MAIL", b"RCPT", b"DATA"]),
    ],
)
def test_each_rung_does_the_ones_before(start: At, said_before: list[bytes]) -> None:
    server = Server()
    begun: list[int] = []

    async def body(smtp: Client) -> Observation:
        begun.append(len(server.visits[0].said))
        assert (smtp.greeting is None) == (start is At.CONNECT)
        return Held()

    assert run(scenario(body, start=start), server).result.verdict is Verdict.PASS
    before = server.visits[0].said[: begun[0]]
    assert [line.partition(b" ")[0] for line in before] == said_before


def test_the_second_connection_waits_after_ehlo_at_most() -> None:
    server = Server()

    async def body(smtp: Client, second: Client) -> Observation:
        assert smtp.token == second.token
        return Held()

    both = frozenset({"smtp", "second"})
    assert run(scenario(body, start=At.RCPT, needs=both), server).result.verdict is Verdict.PASS
    assert [[line[:4] for line in visit.said] for visit in server.visits] == [
        [b"EHLO", b"MAIL", b"RCPT", b"QUIT"],
        [b"EHLO", b"QUIT"],
    ]


def test_the_row_and_the_segmentation_reach_the_body() -> None:
    async def body(octets: bytes, smtp: Client) -> Observation:
        return accepted(await smtp.say(octets))

    cut = scenario(body, row={"octets": b"NOOP"}, segmentation=Segmentation.OCTETS)
    result = run(cut).result
    assert result.verdict is Verdict.PASS
    sent = [entry.octets for entry in result.attempts[0].connections[0].entries if entry.sender == "us"]
    assert sent == [b"EHLO client.example.test\r\n", *[b"%c" % octet for octet in b"NOOP\r\n"], b"QUIT\r\n"]


# What the target lacks.

LACKING: dict[str, tuple[Scenario, str, str]] = {
    "fact": (scenario(breaking, facts=("refused",)), "refused", "the target file does not say refused"),
    "long-fact": (scenario(breaking, facts=("long_mailbox",)), "long-mailbox", "does not say long-mailbox"),
    "role": (scenario(breaking, roles=frozenset({"lmtp"})), "role", "is not about a target in the role mx"),
    "hop": (scenario(breaking, needs=frozenset({"smtp", "hop"})), "relay-domains", "does not say relay-domains"),
    "store": (scenario(breaking, needs=frozenset({"smtp", "store"})), "store", "the target file does not say store"),
    "dns": (scenario(breaking, needs=frozenset({"smtp", "dns"})), "dns-domains", "does not say dns-domains"),
    "denied": (scenario(breaking, facts=("client_trusted=no",)), "client-trusted", "does not say client-trusted"),
    "clock": (scenario(breaking, needs=frozenset({"smtp", "clock"})), "clock", "this version can't provide"),
}


def test_a_fact_that_must_be_denied_is_denied() -> None:
    denied = scenario(breaking, facts=("client_trusted=no",))
    trusts = msgspec.structs.replace(TARGET, client_trusted=True)
    ran = run(denied, target=trusts)
    assert ran.result.why == "is not about a target of which client-trusted is true"
    assert run(denied, target=msgspec.structs.replace(TARGET, client_trusted=False)).result.verdict is Verdict.FAIL


@pytest.mark.parametrize(("lacks", "name", "why"), LACKING.values(), ids=LACKING)
def test_what_is_missing_makes_it_not_applicable_before_a_connection_is_opened(
    lacks: Scenario, name: str, why: str
) -> None:
    ran = run(lacks)
    assert ran.result.verdict is Verdict.NOT_APPLICABLE
    assert why in ran.result.why
    assert ran.result.attempts == ()
    assert ran.server.visits == []
    assert ran.started == []
    assert ran.end.missing == {name: 1}


def test_an_extension_that_is_not_offered_makes_it_not_applicable() -> None:
    ran = run([scenario(holding, offers=("SIZE",)), scenario(breaking, offers=("SIZE", "STARTTLS"))], options=Options())
    assert [result.verdict for result in ran.results.values()] == [Verdict.NOT_APPLICABLE, Verdict.PASS]
    assert ran.end.missing == {"EHLO STARTTLS": 1}
    assert len(ran.server.visits) == 3


def test_an_extension_that_this_session_is_not_offered_proves_nothing() -> None:
    def once(visit: Visit, line: bytes) -> bytes | None:
        return b"250 mail.example.test" if line.startswith(b"EHLO") and visit.number == 2 else None

    ran = run(scenario(breaking, offers=("SIZE",)), Server(once), options=Options())
    assert ran.result.verdict is Verdict.INCONCLUSIVE
    assert ran.result.why == "EHLO: this session is not offered SIZE"


def test_a_fact_that_is_stated_makes_it_applicable() -> None:
    target = msgspec.structs.replace(TARGET, refused="nobody@example.test")
    assert run(scenario(holding, facts=("refused",)), target=target).result.verdict is Verdict.PASS


# Deadlines.


async def never(**_: Client) -> Observation:
    await trio.sleep_forever()


def test_an_attempt_that_does_not_end_is_inconclusive() -> None:
    ran = run(scenario(never))
    assert (ran.result.verdict, ran.result.why) == (Verdict.INCONCLUSIVE, "not finished in 300 s")
    assert ran.result.seconds == pytest.approx(300, abs=1)
    assert purposes(ran.result) == ["first"]
    assert ran.server.visits[0].said[-1] == b"QUIT"
    assert ran.server.open_now == 0


def test_an_attempt_that_a_rung_holds_up_is_inconclusive_too() -> None:
    quiet = script(mail=b"")
    ran = run(scenario(breaking, start=At.MAIL), Server(quiet))
    assert (ran.result.verdict, ran.result.why) == (Verdict.INCONCLUSIVE, "MAIL: no reply within 30 s")


def test_a_slow_scenario_has_an_hour() -> None:
    async def ten_minutes(**_: Client) -> Observation:
        await trio.sleep(600)
        return Held()

    slow = Options(controls=False, slow=True)
    assert run(scenario(ten_minutes, slow=True), options=slow).result.verdict is Verdict.PASS
    endless = run(scenario(never, slow=True), options=slow).result
    assert (endless.verdict, endless.why) == (Verdict.INCONCLUSIVE, "not finished in 3600 s")


def tried(what: Scenario, server: Server, deadline: float = 300, *, keeps_records: bool = True) -> Attempted:
    async def main() -> Attempted:
        async with serving(server):
            return await attempt(what, Setting(TARGET, server.dial, deadline=deadline, keeps_records=keeps_records))

    return at_once(main)


def test_the_deadline_is_that_of_the_setting() -> None:
    attempted = tried(scenario(never), Server(), deadline=7)
    assert attempted.seconds == pytest.approx(7, abs=0.1)
    assert attempted.verdict is Verdict.INCONCLUSIVE


def test_an_attempt_that_nobody_reads_leaves_the_transcripts_out() -> None:
    kept, left_out = tried(scenario(breaking), Server()), tried(scenario(breaking), Server(), keeps_records=False)
    assert kept.connections
    assert not left_out.connections
    assert (left_out.observation, left_out.verdict) == (kept.observation, kept.verdict)


# The way out.


def last_said(body: Callable[..., Awaitable[Observation]], start: At = At.EHLO, server: Server | None = None) -> bytes:
    ran = run(scenario(body, start=start), server, options=UNCONTROLLED)
    assert ran.server.open_now == 0
    (visit,) = ran.server.visits
    return visit.said[-1] if visit.said else b""


@pytest.mark.parametrize("body", [holding, no_such_row, never, raising(NotReady("MAIL", "550 no"))])
@pytest.mark.parametrize("start", [At.GREETING, At.EHLO, At.MAIL, At.RCPT])
def test_every_end_is_polite(body: Callable[..., Awaitable[Observation]], start: At) -> None:
    assert last_said(body, start) == b"QUIT"


def test_the_close_behind_quit_is_waited_for() -> None:
    result = run(scenario(holding)).result
    entries = result.attempts[0].connections[0].entries
    assert [(entry.sender, entry.octets) for entry in entries[-3:]] == [
        ("us", b"QUIT\r\n"),
        ("them", b"221 bye\r\n"),
        ("note", b"connection closed"),
    ]


def test_open_mail_data_is_left_without_a_word() -> None:
    ran = run(scenario(holding, start=At.DATA))
    (visit,) = ran.server.visits
    assert visit.said[-1] == b"DATA"
    assert visit.content == []
    assert visit.saw_the_end


def test_an_open_line_is_ended_before_quit() -> None:
    async def body(smtp: Client) -> Observation:
        await smtp.raw(b"NOO")
        return Held()

    ran = run(scenario(body))
    assert ran.server.visits[0].said[-2:] == [b"NOO", b"QUIT"]


def test_a_connection_that_the_server_ended_is_not_talked_to() -> None:
    async def body(smtp: Client) -> Observation:
        await smtp.quit()
        return Held()

    ran = run(scenario(body))
    assert ran.server.visits[0].said == [b"EHLO client.example.test", b"QUIT"]


def test_a_server_that_does_not_answer_quit_holds_nobody_up() -> None:
    ran = run(scenario(holding), Server(script(quit=b"")))
    assert ran.result.verdict is Verdict.PASS
    assert ran.end.seconds == pytest.approx(5, abs=0.5)
    assert ran.server.open_now == 0


def test_the_second_connection_is_left_politely_too() -> None:
    ran = run(scenario(no_such_row, needs=frozenset({"smtp", "second"})))
    assert ran.result.verdict is Verdict.ERROR
    assert [visit.said[-1] for visit in ran.server.visits] == [b"QUIT", b"QUIT"]
