"""The way in for the target's own users: a message on standard input, and what can't be done proves nothing."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
import trio
from engine_scripts import TARGET, UNCONTROLLED, Server, at_once, scenario, serving

from conformance import CRLF, Ended, Held, Observation, Submit, holds
from conformance.engine import Attempted, Engine, Result, Setting, attempt
from conformance.engine import _commands as commands
from conformance.engine._commands import SubmitCommand
from conformance.scenario import ControlError, Submitting, Verdict
from conformance.target import Submit as SubmitFact
from conformance.target import Target

FACT = SubmitFact(command=("in", "memory"), user="alice@example.test")
KNOWN = msgspec.structs.replace(TARGET, submit=FACT)
OTHER = "t000000000000"
TAKEN = Ended(0)
PLAIN = b"To: <bob@example.test>"


class WayIn:
    """Writes down what it is given, and ends as it shall."""

    def __init__(self, ends: Ended | ControlError = TAKEN) -> None:
        self.given: list[bytes] = []
        self.arguments: list[tuple[str, ...]] = []
        self.ends = ends

    async def __call__(self, message: bytes, *arguments: str) -> Ended:
        await trio.sleep(1)
        self.given.append(message)
        self.arguments.append(arguments)
        if isinstance(self.ends, ControlError):
            raise self.ends
        return self.ends


async def submits(submit: Submit) -> Observation:
    await submit.message(submit.content(PLAIN))
    return Held("taken")


async def tries(submit: Submit) -> Observation:
    done = await submit.tried(submit.content(PLAIN))
    return holds(done.succeeded, expected="taken", seen=done)


def tried(body: Callable[..., Awaitable[Observation]], way_in: Submitting | None, known: Target = KNOWN) -> Attempted:
    async def main() -> Attempted:
        async with serving(Server()) as server:
            return await attempt(
                scenario(body, needs=frozenset({"submit"})), Setting(known, server.dial, way_in=way_in)
            )

    return at_once(main)


def test_a_message_is_handed_over_with_the_line_ends_of_the_system() -> None:
    way_in = WayIn()
    seen = tried(submits, way_in)
    assert seen.verdict is Verdict.PASS
    (given,) = way_in.given
    lines = given.split(b"\n")
    assert b"\r" not in given
    assert lines[0] == b"From: <alice@example.test>"
    assert lines[3:6] == [b"Subject: smtp-conformance " + seen.token.encode(), PLAIN, b""]


async def sets_the_reverse_path(submit: Submit) -> Observation:
    done = await submit.tried(submit.content(PLAIN), reverse_path=b"eve@example.test")
    return holds(done.succeeded, expected="taken", seen=done)


def test_a_reverse_path_is_asked_for_by_the_option_for_that() -> None:
    way_in = WayIn()
    fact = msgspec.structs.replace(FACT, return_path_option="-f")
    seen = tried(sets_the_reverse_path, way_in, msgspec.structs.replace(TARGET, submit=fact))
    assert way_in.arguments == [("-f", "eve@example.test")]
    assert seen.connections[0].peer == "in memory -f eve@example.test"


def test_what_was_handed_over_and_said_is_evidence() -> None:
    seen = tried(tries, WayIn(Ended(65, b"I read it.\nNobody there\n")))
    (record,) = seen.connections
    assert (record.role, record.peer) == ("submit", "in memory")
    assert [entry.sender for entry in record.entries] == ["us", "them", "note"]
    assert record.entries[1].octets == b"I read it.\nNobody there\n"
    assert record.entries[2].octets == b"exit status 65"
    assert str(seen.observation) == str(holds(False, expected="taken", seen="exit status 65: Nobody there"))


@pytest.mark.parametrize(
    ("way_in", "why"),
    [
        (WayIn(Ended(65, b"Nobody there\n")), "submit: exit status 65: Nobody there"),
        (WayIn(Ended(75)), "submit: exit status 75"),
        (WayIn(ControlError("sendmail: No such file or directory")), "submit: sendmail: No such file or directory"),
        (None, "submit: there is no command that hands a message over"),
    ],
)
def test_a_message_that_is_not_taken_proves_nothing(way_in: WayIn | None, why: str) -> None:
    seen = tried(submits, way_in)
    assert (seen.verdict, seen.why) == (Verdict.INCONCLUSIVE, why)


def test_a_command_that_can_not_be_run_is_no_refusal() -> None:
    seen = tried(tries, WayIn(ControlError("sendmail: No such file or directory")))
    assert (seen.verdict, seen.observation) == (Verdict.INCONCLUSIVE, None)
    (record,) = seen.connections
    assert record.entries[-1].octets == b"sendmail: No such file or directory"


async def composes(submit: Submit) -> Observation:
    content = submit.content(PLAIN, sender=b"eve@example.test", without="Date", body=b"Words", token=OTHER)
    seen = [line for line in content.split(CRLF) if line]
    expected = [
        b"From: <eve@example.test>",
        b"Message-ID: <t000000000000@client.example.test>",
        b"Subject: smtp-conformance t000000000000",
        PLAIN,
        b"Words",
    ]
    return holds(seen == expected, expected=str(expected), seen=str(seen))


async def has_a_user(submit: Submit) -> Observation:
    return Held(submit.user.decode())


@pytest.mark.parametrize(
    ("known", "user"),
    [
        (KNOWN, "alice@example.test"),
        (msgspec.structs.replace(TARGET, sender="sender@example.test"), "sender@example.test"),
        (TARGET, "suite@client.example.test"),
    ],
)
def test_the_user_is_who_is_known_or_else_somebody_who_may_send(known: Target, user: str) -> None:
    assert tried(has_a_user, WayIn(), known).observation == Held(user)


def test_a_message_is_made_as_the_scenario_wants_it() -> None:
    assert tried(composes, WayIn()).verdict is Verdict.PASS


def python(program: str) -> tuple[str, ...]:
    return sys.executable, "-c", program


def handed_over(words: tuple[str, ...], message: bytes = b"") -> Ended:
    done: list[Ended] = []

    async def main() -> None:
        done.append(await SubmitCommand(words)(message))

    trio.run(main)
    return done[0]


def test_a_command_reads_the_message_to_its_end(tmp_path: Path) -> None:
    program = f"import sys; open({str(tmp_path / 'message')!r}, 'wb').write(sys.stdin.buffer.read())"
    message = b"To: a@b\n\n" + b"x" * 200_000 + b"\n"
    assert handed_over(python(program), message) == Ended(0)
    assert (tmp_path / "message").read_bytes() == message


def test_a_command_says_how_it_ended_and_why() -> None:
    done = handed_over(python("import sys; print('Oh', flush=True); sys.stderr.write('Nobody there\\n'); sys.exit(65)"))
    assert done == Ended(65, b"Oh\nNobody there\n")
    assert (done.succeeded, str(done)) == (False, "exit status 65: Nobody there")


def test_of_long_complaints_the_beginning_is_kept() -> None:
    done = handed_over(python("import sys; sys.exit('x' * 100_000)"))
    assert done == Ended(1, b"x" * commands.COMPLAINTS_KEPT)


def test_a_command_that_complains_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "OUTPUT_LIMIT", 1000)
    with pytest.raises(ControlError, match=r"wrote more than 1000 octets$"):
        handed_over(python("import sys, time; sys.stderr.write('x' * 2000); sys.stderr.flush(); time.sleep(60)"))


def test_a_command_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMAND_SECONDS", 0.2)
    with pytest.raises(ControlError, match=r"not finished within 0\.2 s$"):
        handed_over(python("import time; time.sleep(60)"))


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ControlError, match=r"^/no/such/program: No such file or directory$"):
        handed_over(("/no/such/program",))


@pytest.mark.parametrize(
    ("known", "verdict", "why"),
    [
        (TARGET, Verdict.NOT_APPLICABLE, "the target file does not say submit.command"),
        (
            msgspec.structs.replace(TARGET, submit=SubmitFact(command=("/no/such/program",))),
            Verdict.INCONCLUSIVE,
            "submit: /no/such/program: No such file or directory",
        ),
        (msgspec.structs.replace(TARGET, submit=SubmitFact(command=python(""))), Verdict.PASS, ""),
    ],
)
def test_a_target_says_by_which_command(known: Target, verdict: Verdict, why: str) -> None:
    results: list[Result] = []

    async def main() -> None:
        async with serving(Server()) as server:
            engine = Engine(known, server.dial, lambda _: None, UNCONTROLLED)
            results.append(await engine.one(scenario(submits, needs=frozenset({"submit"}))))

    trio.run(main)
    (result,) = results
    assert (result.verdict, result.why) == (verdict, why)
