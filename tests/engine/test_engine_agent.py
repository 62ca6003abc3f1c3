"""A user's program that a scenario runs: it meets a server of ours, and what can't be run proves nothing."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable

import pytest
import trio
from engine_scripts import TARGET, scenario

from conformance import Agent, Held, NotReady, Observation, Rule, Step, Use, holds
from conformance.engine import Attempted, Setting, Surroundings, attempt
from conformance.engine import _commands as commands
from conformance.engine._attempt import lacking
from conformance.engine._commands import UserPrograms
from conformance.hop import NextHop
from conformance.scenario import Verdict
from conformance.target import Target, UserAgent, make_target

PROGRAM = """
import smtplib, sys
host, port, sender, recipient, seconds = sys.argv[1:]
with smtplib.SMTP(host, int(port), "client.example.test") as server:
    server.ehlo()
    if not server.has_extn("FUTURERELEASE"):
        print("it holds nothing")
        sys.exit(3)
    server.sendmail(sender, [recipient], sys.stdin.buffer.read(), ["HOLDFOR=" + seconds])
"""


def knowing(*words: str) -> Target:
    return make_target(
        {
            "address": TARGET.address,
            "sender": "sender@example.com",
            "user-agent": {"hold-for": [sys.executable, "-c", *words]},
        },
        "target",
    )


SMTPLIB = knowing(PROGRAM, "{host}", "{port}", "{sender}", "{recipient}", "{seconds}")


def tried(body: Callable[..., Awaitable[Observation]], target: Target) -> Attempted:
    async def dial() -> trio.abc.Stream:
        raise AssertionError("a scenario about a program has no business with the target")

    async def main() -> Attempted:
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                around = Surroundings(agents=NextHop(nursery))
                setting = Setting(target, dial, around=around, programs=UserPrograms(target))
                found = await attempt(scenario(body, needs=frozenset({"agent"})), setting)
                nursery.cancel_scope.cancel()
                return found
        raise AssertionError("unreachable")

    return trio.run(main)


async def _held(agent: Agent, *rules: Rule, message: bytes = b"") -> Use:
    given = message or agent.message()
    return await agent.use(
        "hold_for", *rules, message=given, offers=[b"FUTURERELEASE 9 2030-01-01T00:00:00Z"], seconds="7"
    )


def test_a_program_hands_its_message_in_at_a_server_of_its_own() -> None:
    async def body(agent: Agent) -> Observation:
        message = agent.message()
        used = await _held(agent, message=message)
        assert used.ended.status == 0
        assert used.messages[0].content == message
        assert used.messages[0].forward_paths == (agent.mailbox,)
        assert used.messages[0].reverse_path == b"sender@example.com"
        assert [command.verb for command in used.sessions[0].commands][-1] == b"QUIT"
        return holds(used.parameter(b"HOLDFOR") == b"7", expected="7", seen=used.mail[0].octets)

    seen = tried(body, SMTPLIB)
    assert seen.verdict is Verdict.PASS, seen.why
    assert b"HOLDFOR=7" in b"".join(entry.octets for entry in seen.connections[0].entries)


def test_each_use_has_rules_and_offers_of_its_own() -> None:
    async def body(agent: Agent) -> Observation:
        refused = await _held(agent, Rule.answer(Step.RCPT, 550))
        assert refused.ended.status not in {0, 3}
        assert not refused.messages
        assert len((await _held(agent)).messages) == 1
        nothing = await agent.use("hold_for", message=agent.message(), seconds="7")
        assert nothing.ended.said.strip() == b"it holds nothing"
        return holds(nothing.ended.status == 3, expected="3", seen=nothing.ended.status)

    seen = tried(body, SMTPLIB)
    assert seen.verdict is Verdict.PASS, seen.why
    assert len(seen.connections) == 3


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (knowing("pass"), "did not come to us"),
        (knowing("import time; time.sleep(60)"), "not finished within"),
        (
            make_target({"address": TARGET.address, "user-agent": {"hold-for": ["/no/such/program"]}}, "target"),
            "/no/such/program: No such file",
        ),
    ],
    ids=["stays away", "does not end", "is not there"],
)
def test_a_program_that_does_not_work_proves_nothing(target: Target, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMAND_SECONDS", 0.5 if "finished" in why else 30)

    async def body(agent: Agent) -> Observation:
        await _held(agent)
        return Held("it came")

    seen = tried(body, target)
    assert seen.verdict is Verdict.INCONCLUSIVE
    assert why in seen.why


def test_tls_needs_an_authority() -> None:
    async def body(agent: Agent) -> Observation:
        with pytest.raises(NotReady, match="authority"):
            await agent.use("submissions")
        return Held("not run")

    target = make_target({"address": TARGET.address, "user-agent": {"submissions": [sys.executable]}}, "target")
    assert tried(body, target).verdict is Verdict.PASS


def test_without_programs_such_scenarios_are_not_applicable() -> None:
    async def body(agent: Agent) -> Observation:
        raise AssertionError(agent)

    what = scenario(body, needs=frozenset({"agent"}), facts=("user_agent.track",))
    assert lacking(what, TARGET, ()) == ("user-agent", "the target file does not say user-agent")
    assert lacking(what, SMTPLIB, ()) == ("user-agent.track", "the target file does not say user-agent.track")
    tracking = make_target({"address": TARGET.address, "user-agent": {"track": ["track"]}}, "target")
    assert lacking(what, tracking, ()) is None
    assert tracking.user_agent == UserAgent(track=("track",))
