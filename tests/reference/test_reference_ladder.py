"""What a defect says on the ladder only: told from other decisions, and tried once for each way up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from reference_scenarios import clause, noop, scenario

from conformance.client import At, Client, Exchange
from conformance.reference import Defect, ServerSession, answer, concerned, kill, try_scenarios
from conformance.reference._ladder import differing_keywords, has_quiet_ladder
from conformance.scenario import Broken, Held, Observation, Watch, holds

LISTED = (b"SIZE 1000", b"8BITMIME")
HELLO = answer(250, b"mail.example.test", *LISTED)


@pytest.mark.parametrize(
    ("point", "decided", "own", "keywords"),
    [
        ("hello_text", b"mail.example.test", b"localhost", set()),
        ("hello_text", b"mail.example.test", b"a\r\n250 b", None),
        ("hello_text", b"mail.example.test", None, None),
        ("extensions", LISTED, (b"8BITMIME", b"SIZE 10"), set()),
        ("extensions", LISTED, (b"size 1000",), {"8BITMIME"}),
        ("extensions", LISTED, (*LISTED, b"X-ODD=1"), {"X-ODD=1"}),
        ("extensions", LISTED, (*LISTED, b"TURN\n"), None),
        ("extensions", LISTED, (*LISTED, ["TURN"]), None),
        ("auth_mechanisms", (b"PLAIN",), (b"PLAIN", b"LOGIN"), set()),
        ("ehlo", HELLO, answer(250, b"localhost", *LISTED), set()),
        ("ehlo", HELLO, answer(250, b"mail.example.test"), {"SIZE", "8BITMIME"}),
        ("ehlo", HELLO, answer(502, b"mail.example.test", *LISTED), None),
        ("ehlo", HELLO, replace(HELLO, close=True), None),
        ("ehlo", HELLO, replace(HELLO, pause=1.0), None),
        ("greeting", answer(220, b"mail.example.test"), answer(554, b"No"), set()),
        ("greeting", answer(220, b"mail.example.test"), answer(421, b"No", close=True), None),
        ("clear", answer(220, b"mail.example.test"), answer(220, b"No"), None),
    ],
)
def test_words_are_told_from_all_else(point: str, decided: object, own: object, keywords: set[str] | None) -> None:
    assert differing_keywords(point, decided, own) == keywords


@pytest.mark.parametrize(
    ("start", "facts", "quiet"),
    [
        (At.EHLO, (), True),
        (At.GREETING, ("mailboxes",), True),
        (At.CONNECT, (), False),
        (At.EHLO, ("auth_required",), False),
        (At.EHLO, ("starttls_required",), False),
    ],
)
def test_a_ladder_is_quiet_where_nothing_that_was_said_is_used(start: At, facts: tuple[str, ...], quiet: bool) -> None:
    assert has_quiet_ladder(scenario("any", noop, start=start, facts=facts)) is quiet


def listing(*more: bytes) -> Defect:
    def lists(clean: Callable[[], tuple[bytes, ...]], _session: ServerSession) -> tuple[bytes, ...]:
        return (*clean(), *more)

    return Defect("lists", "Lists more.", (("extensions", lists),), frozenset())


async def reads_offers(smtp: Client) -> Observation:
    return holds("TURN" not in smtp.offers, expected="no TURN", seen="TURN")


async def reads_hello(smtp: Client) -> Observation:
    return holds("TURN" not in str(smtp.hello), expected="no TURN", seen="TURN")


async def says_ehlo(smtp: Client) -> Observation:
    outcome = await smtp.ehlo()
    return holds("TURN" not in str(outcome), expected="no TURN", seen="TURN")


SAME = [scenario(f"same[{number}]", noop) for number in range(3)]
AT_MAIL = scenario("at-mail", noop, start=At.MAIL)


def test_scenarios_that_look_at_nothing_of_it_are_tried_once_for_each_way_up() -> None:
    clean = try_scenarios([*SAME, AT_MAIL], shadows=[listing(b"TURN")])
    assert [trial.spoke for trial in clean] == [{"lists"}] * 4
    assert [trial.touched for trial in clean] == [frozenset()] * 4
    assert concerned(listing(b"TURN"), clean) == [SAME[0], AT_MAIL]


def test_scenarios_that_are_to_see_it_are_tried_all_the_same() -> None:
    clean = try_scenarios(SAME, shadows=[listing(b"TURN")])
    assert concerned(replace(listing(b"TURN"), proves=frozenset({SAME[2].id})), clean) == [SAME[0], SAME[2]]


@pytest.mark.parametrize("body", [reads_offers, reads_hello, says_ehlo])
def test_a_scenario_that_looks_back_is_concerned(body: Callable[..., Any]) -> None:
    looks = scenario("looks", body)
    clean = try_scenarios([*SAME, looks], shadows=[listing(b"TURN")])
    assert clean[-1].touched == {"lists"}
    assert concerned(listing(b"TURN"), clean) == [SAME[0], looks]
    assert set(kill(listing(b"TURN"), clean).accusers) == {looks.id}


def no_turn(exchange: Exchange) -> Observation | None:
    return Broken("no TURN", "TURN") if exchange.verb == "NOOP" and "TURN" in exchange.offers else Held()


@pytest.mark.parametrize(("word", "asked"), [(b"TURN", True), (b"XTURN", False)])
def test_what_a_watch_asks_for_later_concerns_every_scenario(word: bytes, asked: bool) -> None:
    watch = Watch("rfc5321/4.1/watch_turn", clause("turn"), no_turn, "No TURN at NOOP.", pure=True)
    clean = try_scenarios(SAME, [watch], shadows=[listing(word)])
    assert [bool(trial.touched) for trial in clean] == [asked] * 3
    assert concerned(listing(word), clean) == (SAME if asked else SAME[:1])
