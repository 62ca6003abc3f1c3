"""A target that does not take mail must not come out green."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable

import msgspec
import pytest
import trio
from engine_scripts import (
    CONTENT,
    TARGET,
    Say,
    Server,
    Visit,
    at_once,
    breaking,
    holding,
    only,
    run,
    scenario,
    script,
    serving,
)

from conformance.client import Client
from conformance.engine import Engine, Options, TargetUnusableError
from conformance.scenario import Observation
from conformance.target import Target

CONTROLLED = Options()
MAILBOXES = ("alice@example.test", "bob@example.test", "postmaster")
THREE = msgspec.structs.replace(TARGET, mailboxes=MAILBOXES)


def recipients(server: Server) -> list[str]:
    return [line.decode() for visit in server.visits for line in visit.said if line.startswith(b"RCPT")]


def test_every_mailbox_gets_a_message_at_the_beginning_and_at_the_end() -> None:
    during: list[int] = []

    async def body(smtp: Client) -> Observation:
        during.append(len(server.visits))
        return await holding(smtp=smtp)

    server = Server()
    ran = run(scenario(body), server, target=THREE, options=CONTROLLED)
    assert recipients(server) == [f"RCPT TO:<{mailbox}>" for mailbox in (*MAILBOXES, *MAILBOXES)]
    assert during == [4]
    assert all(len(visit.content) == 1 for visit in server.visits if visit.number != 4)
    assert ran.end.problem == ""
    assert ran.end.complete


def test_without_a_mailbox_postmaster_takes_it() -> None:
    server = Server()
    run(scenario(holding), server, target=Target(address=TARGET.address), options=CONTROLLED)
    assert recipients(server) == ["RCPT TO:<postmaster>"] * 2


def test_control_messages_are_ordinary_and_have_tokens_of_their_own() -> None:
    server = Server()
    run([], server, target=THREE, options=CONTROLLED)
    contents = [visit.content[0] for visit in server.visits]
    assert all(b"\r\nMessage-ID: <t" in content and b"From: <" in content for content in contents)
    assert len({content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for content in contents}) == 6


def test_no_control_is_delivered_where_none_is_wanted() -> None:
    server = Server()
    run([], server, options=Options(controls=False))
    assert server.visits == []


def test_what_the_target_says_of_itself_is_announced() -> None:
    server = Server(script(greeting=b"220 mx \x1b[2J ESMTP", ehlo=b"250-mx hello\r\n250-STARTTLS\r\n250 SIZE 10"))
    ran = run([scenario(holding), scenario(holding)], server, options=CONTROLLED)
    assert ran.announced.target.greeting == "220 mx \\x1b[2J ESMTP"
    assert ran.announced.target.ehlo == ("mx hello", "STARTTLS", "SIZE 10")
    assert ran.announced.target.address == "smtp://127.0.0.1:25"
    assert (ran.announced.suite.scenarios, ran.announced.suite.clauses) == (2, 7)
    assert ran.events[0] is ran.announced


RUNGS: dict[str, tuple[Say, str]] = {
    "greeting": (script(greeting=b"554 go away"), "greeting: 554 go away"),
    "ehlo": (script(ehlo=b"550 no", helo=b"550 nor this"), "EHLO: 550 nor this"),
    "mail": (script(mail=b"553 no"), "MAIL: 553 no"),
    "rcpt": (script(rcpt=b"550 unknown"), "RCPT: 550 unknown"),
    "data": (script(data=b"554 no"), "DATA: 554 no"),
    "content": (script(content=b"554 spam"), "end of data: 554 spam"),
}


@pytest.mark.parametrize(("say", "problem"), RUNGS.values(), ids=RUNGS)
def test_a_refused_control_ends_the_run_with_the_rung_and_the_transcript(say: Say, problem: str) -> None:
    ran = run(scenario(breaking), Server(say), options=CONTROLLED)
    assert ran.end.problem == f"control delivery to <alice@example.test> failed at {problem}"
    assert ran.end.complete
    assert ran.results == {}
    (evidence,) = ran.end.evidence
    sent = b"".join(entry.octets for entry in evidence.entries if entry.sender == "us")
    received = b"".join(entry.octets for entry in evidence.entries if entry.sender == "them")
    assert problem.partition(": ")[2].encode() in received
    assert sent.endswith(b"QUIT\r\n")
    assert [type(event).__name__ for event in ran.events] == ["Run", "End"]


def test_the_mailbox_that_failed_is_named() -> None:
    def refuses_bob(_visit: Visit, line: bytes) -> bytes | None:
        return b"550 unknown" if b"bob" in line and line.startswith(b"RCPT") else None

    ran = run([], Server(refuses_bob), target=THREE, options=CONTROLLED)
    assert ran.end.problem == "control delivery to <bob@example.test> failed at RCPT: 550 unknown"
    assert len(ran.server.visits) == 2


def test_silence_and_a_close_fail_a_control_too() -> None:
    silent = run([], Server(script(content=b"")), options=CONTROLLED)
    assert silent.end.problem.endswith("failed at end of data: no reply within 30 s")
    closing = run([], Server(script(rcpt=b"221 bye")), options=CONTROLLED)
    assert closing.end.problem.endswith("failed at DATA: connection closed")


def test_a_target_that_broke_meanwhile_is_told_at_the_end() -> None:
    server = Server(only(range(3, 9), script(rcpt=b"550 worn out")))
    ran = run(scenario(holding), server, options=CONTROLLED)
    assert ran.end.problem == (
        "the target no longer works: control delivery to <alice@example.test> failed at RCPT: 550 worn out"
    )
    assert ran.end.evidence
    assert ran.end.counts["pass"] == 1


def test_a_refused_connection_is_tried_three_times_with_growing_pauses() -> None:
    ran = run([], Server(script(connect=b"no")), options=CONTROLLED)
    assert ran.end.problem.endswith("failed at connect: Connection refused")
    at = [visit.at for visit in ran.server.visits]
    assert [later - earlier for earlier, later in itertools.pairwise(at)] == [
        pytest.approx(1, abs=0.2),
        pytest.approx(2, abs=0.2),
    ]


@pytest.mark.parametrize("say", [script(greeting=b"421 busy"), script(mail=b"421 busy"), script(content=b"421 busy")])
def test_a_421_is_tried_again_and_halves_the_limit(say: Say) -> None:
    ran = run(scenario(holding), Server(only([1, 2], say)), options=Options(overlap=16))
    assert ran.end.problem == ""
    assert ran.end.lowest_limit == 4


def greylisting(delay: float) -> Say:
    """A server that takes an envelope only when it comes again after the delay."""
    seen: dict[bytes, float] = {}

    def say(visit: Visit, line: bytes) -> bytes | None:
        if not line.startswith(b"RCPT"):
            return None
        first = seen.setdefault(b" ".join(visit.envelope), trio.current_time())
        return None if trio.current_time() - first >= delay else b"451 4.7.1 greylisted"

    return say


def test_a_greylisted_control_is_tried_again_after_the_delay() -> None:
    target = msgspec.structs.replace(TARGET, greylist_delay=300.0)
    server = Server(greylisting(300))
    ran = run(scenario(holding), server, target=target, options=CONTROLLED)
    assert ran.end.problem == ""
    first, second, *_ = server.visits
    assert second.at - first.at >= 300
    assert first.envelope == second.envelope


def test_a_control_that_is_greylisted_twice_fails() -> None:
    target = msgspec.structs.replace(TARGET, greylist_delay=300.0)
    ran = run([], Server(script(rcpt=b"450 still not")), target=target, options=CONTROLLED)
    assert ran.end.problem.endswith("failed at RCPT: 450 still not")
    assert len(ran.server.visits) == 2


def test_a_temporary_refusal_is_final_where_no_greylisting_is_declared() -> None:
    ran = run([], Server(script(rcpt=b"451 later")), options=CONTROLLED)
    assert ran.end.problem.endswith("failed at RCPT: 451 later")
    assert len(ran.server.visits) == 1


REJECTING = msgspec.structs.replace(TARGET, role="554-only")


@pytest.mark.parametrize("greeting", ["554 no mail here", "521 no mail here"])
def test_a_host_that_takes_no_mail_is_greeted_only(greeting: str) -> None:
    server = Server(script(greeting=greeting.encode()))
    roles = frozenset({"554-only"})
    ran = run(scenario(holding, roles=roles, start=0), server, target=REJECTING, options=CONTROLLED)
    assert ran.end.problem == ""
    assert ran.announced.target.greeting == greeting
    assert recipients(server) == []


def test_a_host_that_should_take_no_mail_and_greets_with_220_is_another() -> None:
    ran = run([], Server(), target=REJECTING, options=CONTROLLED)
    assert ran.end.problem == "greeting: expected 521 or 554, got 220 mail.example.test ESMTP"
    assert ran.end.evidence


def test_no_connection_to_a_host_that_takes_no_mail() -> None:
    ran = run([], Server(script(connect=b"no")), target=REJECTING, options=CONTROLLED)
    assert ran.end.problem == "connect: Connection refused"


@pytest.mark.parametrize("step", [Engine.open, Engine.close])
def test_open_and_close_raise_what_is_unusable(step: Callable[[Engine], Awaitable[None]]) -> None:
    async def main() -> TargetUnusableError:
        async with serving(Server(script(content=b"554 spam"))) as server:
            engine = Engine(TARGET, server.dial, lambda _: None)
            try:
                await step(engine)
            except TargetUnusableError as error:
                return error
            pytest.fail("a target that refuses the control message is usable")

    error = at_once(main)
    assert str(error) == "control delivery to <alice@example.test> failed at end of data: 554 spam"
    assert any(b"554 spam" in entry.octets for entry in error.evidence[0].entries)


def test_the_control_messages_are_whole() -> None:
    seen: list[bytes] = []

    def keep(visit: Visit, line: bytes) -> bytes | None:
        if line == CONTENT:
            seen.append(visit.content[-1])
        return None

    run([], Server(keep), options=CONTROLLED)
    assert all(content.count(b"\r\n\r\n") == 1 for content in seen)
    assert len(seen) == 2
