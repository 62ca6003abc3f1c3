from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scenario_suites import HEAD, clause, declared, loaded, problem, written

from conformance.client import At, Segmentation
from conformance.scenario import NO, NOT, SuiteError, Suites, load, row, scenario, scenarios_of, watch
from conformance.scenario._scenario import MAIL_ROLES, private_module_name, section_of
from conformance.target import ADDRESS_FACTS, facts

REGISTER = HEAD + clause() + clause("3.4/second", level="SHOULD", tags=["second-tag"])


def only(suites: Suites) -> str:
    (name,) = suites.scenarios
    return name


def complaint(folder: Path, *parts: str) -> str:
    """What is said of a suite file with these declarations, less the file."""
    written(folder, {"rfc9999/clauses.toml": REGISTER, "rfc9999/s1_2_first.py": "".join(parts)})
    path = folder / "rfc9999" / "s1_2_first.py"
    says = problem(folder)
    assert says.startswith(f"{path}")
    return says.removeprefix(f"{path}").removeprefix(": ")


# Ids and rows.


def test_an_id_is_folder_section_and_function(tmp_path: Path) -> None:
    suites = loaded(tmp_path, declared("does_it"))
    found = suites.scenarios["rfc9999/1.2/does_it"]
    assert only(suites) == str(found) == found.id
    assert found.clause.id == "rfc9999/1.2/first"
    assert found.says == "Shows."
    assert found.start is At.EHLO
    assert found.segmentation is Segmentation.WHOLE
    assert (found.row, found.needs, found.offers, found.facts) == ({}, {"smtp"}, (), ())
    assert (found.roles, found.tags, found.alone, found.slow) == (MAIL_ROLES, frozenset(), False, False)
    assert Path(found.path) == tmp_path / "rfc9999" / "s1_2_first.py"
    assert found.line == 4


def test_what_is_declared_is_in_every_row(tmp_path: Path) -> None:
    arguments = """start=At.GREETING, offers=["starttls", "Size"], facts=["refused", "mailboxes"], roles=["lmtp"],
    tags=["quick"], alone=True, slow=True, value={"a": 1, "b": 2}"""
    suites = loaded(tmp_path, declared("many", arguments, "value, smtp, second, hop, store, dns, clock"))
    for found in suites:
        assert found.start is At.GREETING
        assert found.offers == ("STARTTLS", "SIZE")
        assert found.facts == ("refused", "mailboxes")
        assert found.roles == {"lmtp"}
        assert found.tags == {"quick"}
        assert found.needs == {"smtp", "second", "hop", "store", "dns", "clock"}
        assert found.alone
        assert found.slow
    assert [found.row for found in suites] == [{"value": 1}, {"value": 2}]


def test_rows_make_a_family_in_their_order(tmp_path: Path) -> None:
    suites = loaded(tmp_path, declared("many", 'start=At.EHLO, eod={"z": b"1", "a-b": b"2"}', "eod, smtp"))
    assert list(suites.scenarios) == ["rfc9999/1.2/many[z]", "rfc9999/1.2/many[a-b]"]
    assert [found.row["eod"] for found in suites] == [b"1", b"2"]


def test_a_row_differs_where_it_says_so(tmp_path: Path) -> None:
    rows = """{
        "plain": b"1",
        "cites": row(b"2", "rfc9999/3.4/second"),
        "starts": row(b"3", start=At.DATA),
        "offers": row(b"4", offers=["8bitmime"]),
        "whole": row(b"5", segments=False),
    }"""
    arguments = f'start=At.EHLO, offers=["size"], segments=["octets"], value={rows}'
    suites = loaded(tmp_path, declared("many", arguments, "value, smtp"), register=REGISTER)
    found = {name.partition("/1.2/many")[2]: each for name, each in suites.scenarios.items()}
    assert list(found) == [
        "[plain]",
        "[plain]~octets",
        "[cites]",
        "[cites]~octets",
        "[starts]",
        "[starts]~octets",
        "[offers]",
        "[offers]~octets",
        "[whole]",
    ]
    assert {name: each.clause.id for name, each in found.items() if each.clause.section != "1.2"} == {
        "[cites]": "rfc9999/3.4/second",
        "[cites]~octets": "rfc9999/3.4/second",
    }
    assert {name for name, each in found.items() if "second-tag" in each.tags} == {"[cites]", "[cites]~octets"}
    assert {name for name, each in found.items() if each.start is At.DATA} == {"[starts]", "[starts]~octets"}
    assert found["[offers]"].offers == ("SIZE", "8BITMIME")
    assert found["[plain]"].offers == ("SIZE",)
    assert [each.row["value"] for each in found.values()] == [b"1", b"1", b"2", b"2", b"3", b"3", b"4", b"4", b"5"]


def test_several_starts_make_a_row_each(tmp_path: Path) -> None:
    suites = loaded(tmp_path, declared("anywhere", "start=[At.GREETING, At.RCPT]"))
    assert {name: found.start for name, found in suites.scenarios.items()} == {
        "rfc9999/1.2/anywhere[greeting]": At.GREETING,
        "rfc9999/1.2/anywhere[rcpt]": At.RCPT,
    }


def test_rows_and_several_starts_multiply_and_a_row_with_a_start_of_its_own_stands_once(tmp_path: Path) -> None:
    arguments = 'start=(At.EHLO, At.MAIL), value={"a": 1, "b": row(2, start=At.DATA)}'
    suites = loaded(tmp_path, declared("many", arguments, "value, smtp"))
    assert {name.partition("many")[2]: found.start for name, found in suites.scenarios.items()} == {
        "[a@ehlo]": At.EHLO,
        "[a@mail]": At.MAIL,
        "[b]": At.DATA,
    }


def test_segments_add_a_copy_of_each_row(tmp_path: Path) -> None:
    suites = loaded(tmp_path, declared("cut", 'start=At.EHLO, segments=["octets", Segmentation.LINE_ENDS]'))
    assert {name.partition("cut")[2]: found.segmentation for name, found in suites.scenarios.items()} == {
        "": Segmentation.WHOLE,
        "~octets": Segmentation.OCTETS,
        "~line-ends": Segmentation.LINE_ENDS,
    }


def test_files_are_read_in_the_order_of_sections_not_of_letters(tmp_path: Path) -> None:
    files = {f"rfc9999/s{section}.py": declared() for section in ("4_10_z", "4_2_a", "4_1_1", "4", "10_1")}
    suites = load(written(tmp_path, {"rfc9999/clauses.toml": REGISTER, **files}))
    assert [found.id.split("/")[1] for found in suites] == ["4", "4.1.1", "4.2", "4.10", "10.1"]
    assert [path.stem for path in suites.files] == ["s4", "s4_1_1", "s4_2_a", "s4_10_z", "s10_1"]


def test_what_ends_the_target_runs_alone(tmp_path: Path) -> None:
    loaded(tmp_path / "alone", declared("ends", "start=At.EHLO, alone=True", "smtp, process"))
    with pytest.raises(SuiteError, match="ends: ends the target, which others would need: write alone=True"):
        loaded(tmp_path / "not", declared("ends", "start=At.EHLO", "smtp, process"))


def test_files_that_name_no_section_are_left_alone(tmp_path: Path) -> None:
    files = dict.fromkeys(("rfc9999/conftest.py", "rfc9999/s_x.py", "rfc9999/sx1.py"), "raise SystemExit\n")
    assert list(load(written(tmp_path, {"rfc9999/clauses.toml": REGISTER, **files}))) == []


@pytest.mark.parametrize(
    ("stem", "section"),
    [("s4_1_1_4_data", "4.1.1.4"), ("s3", "3"), ("s3_the_keyword", "3"), ("s4_2x", "4"), ("data", None), ("s", None)],
)
def test_the_section_stands_in_the_name_of_the_file(stem: str, section: str | None) -> None:
    assert section_of(stem) == section


def test_the_clauses_of_all_registers_can_be_cited(tmp_path: Path) -> None:
    other = """
@scenario("rfc9998/9/other", start=At.EHLO)
async def cites_another(smtp: Client) -> Observation:
    \"\"\"Shows.\"\"\"
    return Held()
"""
    suites = load(
        written(
            tmp_path,
            {
                "rfc9998/clauses.toml": HEAD + clause("9/other"),
                "rfc9999/clauses.toml": REGISTER,
                "rfc9999/s1_2_first.py": other + declared(),
            },
        )
    )
    cited = suites.register.find("rfc9998/9/other")
    assert [found.id for found in scenarios_of(cited, suites)] == ["rfc9999/1.2/cites_another"]


def test_a_file_is_imported_once_under_a_private_name(tmp_path: Path) -> None:
    (found,) = loaded(tmp_path, declared())
    name = found.body.__module__
    assert name.startswith("_smtp_conformance_suites.rfc9999.s1_2_first")
    assert sys.modules[name].shows.members == (found,)
    assert private_module_name("rfc9999", "s1_2_first") != name


# What is wrong.


@pytest.mark.parametrize(
    ("wrong", "near"), [("rfc9999/1.2/frist", "rfc9999/1.2/first"), ("rfc9999/3.4/secondly", "rfc9999/3.4/second")]
)
def test_a_wrong_clause_id_fails_at_import_with_the_nearest(wrong: str, near: str, tmp_path: Path) -> None:
    assert complaint(tmp_path, declared().replace("rfc9999/1.2/first", wrong)) == (
        f"no clause {wrong!r}; did you mean {near!r}?"
    )


def test_a_wrong_clause_id_of_a_row_fails_at_import(tmp_path: Path) -> None:
    arguments = 'start=At.EHLO, value={"a": 1, "b": row(2, "rfc9999/3.4/secnd")}'
    assert complaint(tmp_path, declared("many", arguments, "value, smtp")) == (
        "no clause 'rfc9999/3.4/secnd'; did you mean 'rfc9999/3.4/second'?"
    )


WATCH = '''
@watch("rfc9999/1.2/first")
def watch_replies(exchange):
    """Looks."""
    return None
'''

MISTAKES = {
    "a fact that there is not": (
        declared(arguments='start=At.EHLO, facts=["mailboxs"]'),
        "shows: no target fact is called 'mailboxs'; did you mean 'mailboxes'?",
    ),
    "a fact in one word": (declared(arguments='start=At.EHLO, facts="refused"'), "shows: no target fact is called 'd'"),
    "a role that there is not": (
        declared(arguments='start=At.EHLO, roles=["submision"]'),
        "shows: no role is called 'submision'; did you mean 'submission'?",
    ),
    "a role in one word": (declared(arguments='start=At.EHLO, roles="mx"'), "shows: no role is called 'm'"),
    "offers in one word": (declared(arguments='start=At.EHLO, offers="SIZE"'), "'SIZE': write a list of words"),
    "offers of a row in one word": (
        declared(arguments='start=At.EHLO, v={"a": row(1, offers="SIZE")}', parameters="v"),
        "'SIZE': write a list of words",
    ),
    "tags in one word": (declared(arguments='start=At.EHLO, tags="quick"'), "'quick': write a list of words"),
    "segments that there are not": (declared(arguments='start=At.EHLO, segments=["bits"]'), "ValueError: 'bits'"),
    "segments twice": (
        declared(arguments='start=At.EHLO, segments=["octets", "octets"]'),
        "'rfc9999/1.2/shows~octets' stands there twice",
    ),
    "a start twice": (
        declared(arguments="start=[At.EHLO, At.EHLO]"),
        "'rfc9999/1.2/shows[ehlo]' stands there twice",
    ),
    "no start": (declared(arguments="start=[]"), "shows: no rows"),
    "no rows": (declared(arguments="start=At.EHLO, value={}", parameters="value"), "shows: no rows"),
    "rows of two parameters": (
        declared(arguments='start=At.EHLO, a={"x": 1}, b={"y": 2}', parameters="a, b"),
        "shows: one keyword makes the rows, not 2: a, b",
    ),
    "rows that nothing takes": (
        declared(arguments='start=At.EHLO, value={"x": 1}'),
        "shows: no parameter takes the rows of value",
    ),
    "a parameter that there is not": (
        declared(parameters="smtp, sink"),
        "shows: parameters can be agent, another, clock, dns",
    ),
    "no docstring": (declared(text=""), "shows: the first line of the docstring says what the scenario shows"),
    "no coroutine": (declared().replace("async def", "def"), "shows: a scenario is a coroutine; write async def"),
    "a name twice": (declared() + declared(), "shows: a scenario or a watch of this name stands above it"),
    "one scenario under two names": (declared() + "again = shows\n", "'rfc9999/1.2/shows' stands there twice"),
    "a watch of another name": (
        WATCH.replace("watch_replies", "looks"),
        "looks: a watch stands in a suite file and its name begins with watch_",
    ),
    "a watch without a docstring": (
        WATCH.replace('"""Looks."""', ""),
        "watch_replies: the first line of the docstring says what the watch shows",
    ),
    "a watch of an unknown clause": (
        WATCH.replace("1.2/first", "1.2/frist"),
        "no clause 'rfc9999/1.2/frist'; did you mean 'rfc9999/1.2/first'?",
    ),
    "a watch twice": (WATCH + WATCH, "watch_replies: a scenario or a watch of this name stands above it"),
    "an error of its own": ("raise KeyError('x')\n", "KeyError: 'x'"),
    "an error of many lines": ("raise ValueError('x\\ny')\n", "ValueError: x"),
    "a module that is missing": ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_line_that_names_the_file(mistake: str, tmp_path: Path) -> None:
    text, says = MISTAKES[mistake]
    assert complaint(tmp_path, text).startswith(says)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("x = 1\nasync def broken(\n", 4, "was never closed"),
        ("def f():\n    return 1\n  return 2\n", 5, "unindent"),
        ("x = = 1\n", 3, "invalid syntax"),
    ],
)
def test_a_syntax_error_is_told_with_file_and_line(text: str, line: int, says: str, tmp_path: Path) -> None:
    found = complaint(tmp_path, text)
    assert found.startswith(f":{line}: ")
    assert says in found


def test_two_files_of_one_section_share_their_names(tmp_path: Path) -> None:
    files = {"rfc9999/s1_2_first.py": declared(), "rfc9999/s1_2_more.py": declared()}
    says = problem(written(tmp_path, {"rfc9999/clauses.toml": REGISTER, **files}))
    assert says == f"{tmp_path / 'rfc9999' / 's1_2_more.py'}: 'rfc9999/1.2/shows' stands there twice"


def test_a_load_that_failed_is_tried_again_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    complaint(tmp_path, "x = = 1\n")
    complaint(tmp_path, "raise KeyError\n")
    assert not {name for name in set(sys.modules) - before if name.startswith("_smtp_conformance_suites")}
    assert only(loaded(tmp_path, declared())) == "rfc9999/1.2/shows"


def test_a_suite_file_is_not_imported_by_hand() -> None:
    with pytest.raises(SuiteError, match="loaded by smtp-conformance and pytest, not imported"):

        @scenario("rfc9999/1.2/first", start=At.EHLO)
        async def shows() -> None:  # type: ignore[arg-type]
            """Shows."""

    with pytest.raises(SuiteError, match="a watch stands in a suite file"):

        @watch("rfc9999/1.2/first")
        def watch_replies(exchange: object) -> None:
            """Looks."""


# Watches.


def test_a_watch_has_an_id_a_clause_and_says_what_it_looks_at(tmp_path: Path) -> None:
    suites = loaded(tmp_path, declared(), WATCH)
    (found,) = suites.watches.values()
    assert found.id == "rfc9999/1.2/watch_replies"
    assert found.clause.id == "rfc9999/1.2/first"
    assert found.says == "Looks."
    assert only(suites) == "rfc9999/1.2/shows"


# Our own suites.


def test_rows_keep_what_they_were_given() -> None:
    made = row(b"x", "rfc9999/3.4/second", start=At.RCPT, offers=["size"], segments=False)
    assert (made.value, made.clause, made.start) == (b"x", "rfc9999/3.4/second", At.RCPT)
    assert (made.offers, made.segments) == (("SIZE",), False)
    assert (row(b"x").clause, row(b"x").start, row(b"x").offers, row(b"x").segments) == ("", None, (), True)


def test_our_suites_load_and_ask_for_what_there_is() -> None:
    suites = load()
    assert suites.scenarios
    assert suites.watches
    for found in suites:
        assert found.id.startswith(f"{Path(found.path).parent.name}/")
        assert {fact.removeprefix(NOT).removesuffix(NO) for fact in found.facts} <= facts() | ADDRESS_FACTS
