"""Decision points: what a defect overrides, and the record of who was asked."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast

import pytest
from reference_talk import DATA, ENVELOPE, HELLO, MAIL, codes, talk

from conformance import reference
from conformance.reference import (
    Answer,
    Decisions,
    Defect,
    ReferenceServer,
    ServerSession,
    _decision,
    answer,
    declared,
    defect,
    matches,
)
from conformance.reference._decision import DecisionPoint, decision, decision_by
from conformance.reference._lmtp import LmtpSession
from conformance.reference.defects import load_defects

Declared = dict[str, Defect]


@pytest.fixture
def declarations(monkeypatch: pytest.MonkeyPatch) -> Declared:
    """Only the defects that the test declares."""
    ours: Declared = {}
    monkeypatch.setattr(_decision, "_defects", ours)
    return ours


def loosely(function: Callable[..., Any]) -> Any:
    """The types of an override depend on its point; here they are beside the matter."""
    return function


class Door:
    """Something with choices."""

    def __init__(self) -> None:
        self.decisions = Decisions()

    @decision
    def opens(self, who: str) -> bool:
        """Whether it opens."""
        return who == "friend"

    @decision_by(lambda _, who: who)
    def greets(self, who: str) -> str:
        """What it says."""
        return f"hello {who}"


def test_a_point_decides_as_written_and_records_that_it_was_asked() -> None:
    door = Door()
    assert door.decisions.consulted == set()
    assert (door.opens("friend"), door.opens("foe")) == (True, False)
    assert door.decisions.consulted == {"opens"}


def test_the_cases_of_a_point_are_recorded_apart() -> None:
    door = Door()
    assert door.greets("foe") == "hello foe"
    assert door.decisions.consulted == {"greets", "greets:foe"}


def test_an_override_decides_and_can_ask_the_clean_decision() -> None:
    door = Door()
    door.decisions.override("opens", loosely(lambda clean, self, who: not clean(who) and self is door))
    assert (door.opens("friend"), door.opens("foe")) == (False, True)


def test_overrides_stand_in_front_of_each_other() -> None:
    door = Door()
    door.decisions.override("greets", loosely(lambda clean, _self, who: clean(who) + "!"))
    door.decisions.override("greets", loosely(lambda clean, _self, who: clean(who) + "?"))
    assert door.greets("foe") == "hello foe!?"


def test_an_override_of_one_case_leaves_the_others() -> None:
    door = Door()
    door.decisions.override("greets:foe", loosely(lambda *_: "go away"))
    assert (door.greets("friend"), door.greets("foe")) == ("hello friend", "go away")


def test_overrides_belong_to_one_server() -> None:
    odd, clean = Door(), Door()
    odd.decisions.override("opens", loosely(lambda *_: True))
    assert (odd.opens("foe"), clean.opens("foe")) == (True, False)
    assert clean.decisions.consulted == {"opens"}


def test_a_point_on_the_class_is_the_point_itself() -> None:
    assert isinstance(ServerSession.noop, DecisionPoint)
    assert (ServerSession.noop.name, ServerSession.noop.case) == ("noop", None)
    assert ServerSession.noop.__doc__
    assert ServerSession.command.case is not None


def deciders() -> dict[str, type]:
    """Every class of the reference server that has decision points, by name."""
    modules = [import_module(f"conformance.reference.{found.name}") for found in iter_modules(reference.__path__)]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and any(isinstance(each, DecisionPoint) for each in vars(value).values())
    }


def points() -> list[DecisionPoint[Any, Any, Any]]:
    return [
        value for decider in deciders().values() for value in vars(decider).values() if isinstance(value, DecisionPoint)
    ]


def test_no_two_deciders_have_a_point_of_the_same_name() -> None:
    apart = {name: decider for name, decider in deciders().items() if not issubclass(decider, LmtpSession)}
    names = [
        value.name for decider in apart.values() for value in vars(decider).values() if isinstance(value, DecisionPoint)
    ]
    assert len(names) == len(set(names))


def test_every_choice_says_what_it_is_about() -> None:
    assert len(points()) > 30
    assert [point.name for point in points() if not (point.__doc__ or "").strip()] == []


CONSULTED: dict[str, tuple[bytes, set[str], set[str]]] = {
    "greeting": (b"", {"greeting", "render:220"}, {"command", "ehlo"}),
    "noop": (b"NOOP\r\n", {"find_command_line", "command:NOOP", "noop", "render:250"}, {"rset", "find_end_of_data"}),
    "case": (b"nOOp\r\n", {"command:NOOP", "verb_of"}, {"unknown"}),
    "unknown": (b"XYZZY\r\n", {"unknown", "command:XYZZY", "render:500"}, {"noop"}),
    "nul": (b"NOOP \0\r\n", {"has_forbidden_octets", "syntax_error"}, {"noop"}),
    "ehlo": (HELLO, {"ehlo", "acceptable_client_name", "extensions", "clear"}, {"mail", "helo"}),
    "mail": (HELLO + MAIL, {"mail", "open_transaction", "path_and_parameters"}, {"nested_mail", "rcpt"}),
    "nested": (HELLO + MAIL + MAIL, {"nested_mail", "render:503"}, {"data"}),
    "data": (ENVELOPE + DATA, {"begin_data", "take_recipient", "render:354"}, {"end_of_data", "unstuffed"}),
    "message": (ENVELOPE + DATA + b".\r\n", {"find_end_of_data", "unstuffed", "end_of_data", "deliver"}, {"quit"}),
    "quit": (b"QUIT\r\n", {"quit", "render:221"}, {"starttls"}),
}


@pytest.mark.parametrize(("octets", "asked", "not_asked"), CONSULTED.values(), ids=CONSULTED)
def test_a_session_records_the_points_that_it_consulted(octets: bytes, asked: set[str], not_asked: set[str]) -> None:
    server = ReferenceServer()
    talk(octets, server)
    assert asked <= server.decisions.consulted
    assert not not_asked & server.decisions.consulted


def test_a_point_that_was_not_consulted_can_not_change_what_is_seen() -> None:
    def crash(*_: object) -> None:
        raise AssertionError("nobody asked")

    for octets in (HELLO + MAIL + b"QUIT\r\n", ENVELOPE + DATA + b"a\r\n.\r\n", b"VRFY alice\r\nXYZZY\r\n"):
        clean = ReferenceServer()
        replies = talk(octets, clean)
        broken = ReferenceServer()
        for point in points():
            if point.name not in clean.decisions.consulted:
                broken.decisions.override(point.name, crash)
        assert talk(octets, broken) == replies


# Declaring defects.


def noop_fails(clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 451 to NOOP.

    More is said here.
    """
    del clean, session, argument
    return answer(451, b"Not now")


def test_a_defect_is_named_for_its_function_and_says_what_it_does(declarations: Declared) -> None:
    returned = defect(ServerSession.noop, proves={"rfc5321/4.1.1.9/*"}, also={"rfc5321/4.2/a"}, varies=["b"])(
        noop_fails
    )
    assert returned is noop_fails
    (found,) = declarations.values()
    assert (found.name, found.does) == ("noop-fails", "Answers 451 to NOOP.")
    assert [set(found.proves), set(found.also), set(found.varies)] == [{"rfc5321/4.1.1.9/*"}, {"rfc5321/4.2/a"}, {"b"}]
    assert found.points == {"noop"}
    assert declared() == declarations


def test_what_is_declared_is_handed_out_as_a_copy(declarations: Declared) -> None:
    defect(ServerSession.noop)(noop_fails)
    declared().clear()
    assert list(declarations) == ["noop-fails"]


def test_a_defect_in_force_changes_only_what_it_is_about(declarations: Declared) -> None:
    defect(ServerSession.noop)(noop_fails)
    octets = b"NOOP\r\nHELP\r\nQUIT\r\n"
    assert codes(octets, ReferenceServer([declarations["noop-fails"]])) == [451, 214, 221]
    assert codes(octets) == [250, 214, 221]


def test_a_defect_of_some_cases_leaves_the_others(declarations: Declared) -> None:
    @defect(ServerSession.command, only={"NOOP", "HELP"})
    def deaf_to_some(clean: Callable[[bytes], Answer | None], session: ServerSession, line: bytes) -> Answer | None:
        """Answers 502 to NOOP and HELP."""
        del clean, session, line
        return answer(502, b"Not here")

    found = declarations["deaf-to-some"]
    assert found.points == {"command:NOOP", "command:HELP"}
    octets = b"noop\r\nHELP\r\nRSET\r\nQUIT\r\n"
    assert codes(octets, ReferenceServer([found])) == [502, 502, 250, 221]


def test_one_defect_can_stand_at_several_points(declarations: Declared) -> None:
    defect(ServerSession.noop, name="busy", proves={"a"}, also={"b"})(noop_fails)

    @defect(ServerSession.help, name="busy", proves={"c"}, varies={"d"})
    def help_fails(clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes) -> Answer | None:
        """Answers 451 to HELP."""
        del clean, session, argument
        return answer(451, b"Not now")

    (found,) = declarations.values()
    assert found.points == {"noop", "help"}
    assert [set(found.proves), set(found.also), set(found.varies)] == [{"a", "c"}, {"b"}, {"d"}]
    assert codes(b"NOOP\r\nHELP\r\nRSET\r\n", ReferenceServer([found])) == [451, 451, 250]


def test_two_defects_of_one_name_are_refused(declarations: Declared) -> None:
    defect(ServerSession.noop)(noop_fails)
    with pytest.raises(ValueError, match="two defects are called noop-fails"):
        defect(ServerSession.help)(noop_fails)
    assert declarations["noop-fails"].points == {"noop"}


def test_one_point_twice_under_a_joint_name_is_refused(declarations: Declared) -> None:
    defect(ServerSession.noop, name="busy")(noop_fails)
    with pytest.raises(ValueError, match="two defects are called busy"):
        defect(ServerSession.noop, name="busy")(noop_fails)
    assert list(declarations) == ["busy"]


def test_a_defect_that_does_not_say_what_it_does_is_refused(declarations: Declared) -> None:
    def silent(clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes) -> Answer | None:
        del session
        return clean(argument)

    with pytest.raises(ValueError, match="defect silent: the docstring says"):
        defect(ServerSession.noop)(silent)
    assert declarations == {}


def test_cases_of_a_point_that_has_none_are_refused(declarations: Declared) -> None:
    with pytest.raises(ValueError, match="noop has no cases"):
        defect(ServerSession.noop, only={"NOOP"})(noop_fails)
    assert declarations == {}


def test_what_is_no_decision_point_can_not_be_overridden(declarations: Declared) -> None:
    for other in (ServerSession.serve, ServerSession._take_everything, "noop"):
        with pytest.raises(AttributeError):
            defect(cast("Any", other))(noop_fails)
    assert declarations == {}


def test_the_points_of_our_defects_are_points_of_the_server() -> None:
    names = {point.name for point in points()}
    for found in load_defects().values():
        assert {point.partition(":")[0].rpartition(".")[2] for point in found.points} <= names, found.name


def test_a_defect_of_one_profile_is_no_defect_of_another() -> None:
    plain, lmtp = Door(), Door()
    lmtp.decisions.profile = "lmtp"
    for door in (plain, lmtp):
        door.decisions.override("lmtp.opens", loosely(lambda *_: True))
    assert (plain.opens("foe"), lmtp.opens("foe")) == (False, True)
    assert lmtp.decisions.consulted == {"lmtp.opens"}


# Patterns.


@pytest.mark.parametrize(
    ("pattern", "name", "means"),
    [
        ("rfc5321/4.1/a", "rfc5321/4.1/a", True),
        ("rfc5321/4.1/a", "rfc5321/4.1/ab", False),
        ("rfc5321/4.1/a", "rfc5321/4x1/a", False),
        ("rfc5321/4.1/a*", "rfc5321/4.1/a[row]~octets", True),
        ("rfc5321/4.1/a[row]", "rfc5321/4.1/a[row]", True),
        ("rfc5321/4.1/a[row]", "rfc5321/4.1/ar", False),
        ("rfc5321/4.1/a?", "rfc5321/4.1/ab", True),
        ("rfc5321/4.1/a?", "rfc5321/4.1/a", False),
        ("*/a", "rfc5321/4.1/a", True),
    ],
)
def test_only_two_characters_of_a_pattern_are_special(pattern: str, name: str, means: bool) -> None:
    assert matches(pattern, name) is means


def test_what_a_defect_proves_and_varies_is_found_among_what_is_known() -> None:
    found = Defect("d", "does", (), proves=frozenset({"a*"}), varies=frozenset({"b", "c?"}))
    assert found.proven(["a", "ab", "b"]) == {"a", "ab"}
    assert found.varied(["a", "b", "c", "cd"]) == {"b", "cd"}
