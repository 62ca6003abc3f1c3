from __future__ import annotations

from pathlib import Path

import pytest
from scenario_suites import HEAD, clause, loaded, problem, written

from conformance.scenario import Level, Register, SuiteError, UnknownClauseError, load, nearest


def register_of(folder: Path, text: str, rfc: str = "rfc9999") -> Register:
    register = Register()
    register.add(written(folder, {f"{rfc}/clauses.toml": text}) / rfc / "clauses.toml")
    return register


def complaint(folder: Path, text: str) -> str:
    """What is said of an unusable register, less the file that it begins with."""
    with pytest.raises(SuiteError) as caught:
        register_of(folder, text)
    says = str(caught.value)
    path = folder / "rfc9999" / "clauses.toml"
    assert says.startswith(f"{path}: ")
    assert "\n" not in says
    return says.removeprefix(f"{path}: ")


def test_a_clause_has_what_its_entry_says(tmp_path: Path) -> None:
    entry = clause(
        "4.1.1.4/lf-dot-lf",
        lines=[2032, 2034],
        level="MUST NOT",
        reason="argued",
        restates="2.3.8/only-crlf",
        disputed="by 1",
        argued="so it is",
        bis="changes it",
        tags=["smuggling"],
    )
    register = register_of(tmp_path, HEAD + entry)
    found = register.find("rfc9999/4.1.1.4/lf-dot-lf")
    assert list(register) == [found]
    assert len(register) == 1
    assert (found.rfc, found.section, found.lines, found.level) == ("rfc9999", "4.1.1.4", (2032, 2034), Level.MUST_NOT)
    assert (found.source, found.party, found.observed) == ("keyword", "server", "wire")
    assert (found.reason, found.disputed, found.bis, found.tags) == ("argued", "by 1", "changes it", ("smuggling",))
    assert found.argued == "so it is"
    assert found.restates == "rfc9999/2.3.8/only-crlf"
    assert found.link == "https://www.rfc-editor.org/rfc/rfc9999.html#section-4.1.1.4"
    assert register.text_sha256 == {"rfc9999": "00"}


def test_clauses_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    register = register_of(tmp_path, HEAD + clause("2/b") + clause("1/a") + clause("3/c"))
    assert [each.id for each in register] == ["rfc9999/2/b", "rfc9999/1/a", "rfc9999/3/c"]


@pytest.mark.parametrize("level", ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"])
def test_the_levels(level: str, tmp_path: Path) -> None:
    assert register_of(tmp_path, HEAD + clause(level=level)).find("rfc9999/1.2/first").level.value == level


def test_an_id_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path, HEAD + clause() + clause()) == "clause 'rfc9999/1.2/first' stands there twice"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"level": "must"}, "level"),
        ({"level": "SHALL"}, "level"),
        ({"source": "law"}, "source"),
        ({"party": "nobody"}, "party"),
        ({"observed": "smell"}, "observed"),
        ({"lines": [10]}, "lines"),
        ({"lines": [10, 11, 12]}, "lines"),
        ({"lines": ["10", "12"]}, "lines"),
        ({"lines": 10}, "lines"),
        ({"lines": [12, 10]}, "lines"),
        ({"lines": [0, 10]}, "lines"),
        ({"lines": [-2, -1]}, "lines"),
        ({"tags": "one"}, "tags"),
        ({"says": 1}, "says"),
        ({"says": None}, "says"),
        ({"id": None}, "id"),
        ({"lines": None}, "lines"),
        ({"levle": "MUST"}, "levle"),
    ],
)
def test_an_entry_that_does_not_fit_is_told_with_what_is_wrong(
    changes: dict[str, object], says: str, tmp_path: Path
) -> None:
    assert says in complaint(tmp_path, HEAD + clause() + clause(**{"name": "1.2/second", **changes}))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", clause(), HEAD, "text_sha256 = 1\n" + clause(), HEAD + "x = 1\n" + clause()])
def test_a_register_has_a_hash_and_clauses_and_nothing_else(text: str, tmp_path: Path) -> None:
    assert complaint(tmp_path, text)


def test_a_register_that_is_no_toml_is_told_with_the_line(tmp_path: Path) -> None:
    assert "line 2" in complaint(tmp_path, HEAD + "nonsense\n")


def test_a_register_that_is_no_text_or_is_missing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "clauses.toml"
    with pytest.raises(SuiteError, match="No such file"):
        Register().add(path)
    path.write_bytes(b'text_sha256 = "\xff"\n')
    with pytest.raises(SuiteError, match=str(path)):
        Register().add(path)


def test_two_folders_for_one_rfc_are_an_error(tmp_path: Path) -> None:
    register = register_of(tmp_path / "ours", HEAD + clause())
    theirs = written(tmp_path / "theirs", {"rfc9999/clauses.toml": HEAD + clause("9/other")}) / "rfc9999/clauses.toml"
    with pytest.raises(SuiteError) as caught:
        register.add(theirs)
    assert str(caught.value) == f"{theirs}: a second register for rfc9999; one RFC has one folder"
    assert [each.id for each in register] == ["rfc9999/1.2/first"]


def test_an_unknown_id_is_told_with_the_nearest(tmp_path: Path) -> None:
    register = register_of(tmp_path, HEAD + clause("1.2/first") + clause("7.8/quite-another"))
    with pytest.raises(UnknownClauseError) as caught:
        register.find("rfc9999/1.2/frist")
    assert str(caught.value) == "no clause 'rfc9999/1.2/frist'; did you mean 'rfc9999/1.2/first'?"
    with pytest.raises(UnknownClauseError) as caught:
        register.find("!")
    assert str(caught.value) == "no clause '!'"


def test_nothing_near_is_nothing_said() -> None:
    assert nearest("abc", []) == ""
    assert nearest("abc", ["xyz"]) == ""
    assert nearest("abcd", ["abce", "xyz"]) == "; did you mean 'abce'?"


def test_a_bad_register_spoils_the_load_and_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path, {"rfc9999/clauses.toml": HEAD + clause(level="must")})
    assert problem(folder).startswith(str(folder / "rfc9999" / "clauses.toml"))


def test_a_folder_without_a_suite_is_told(tmp_path: Path) -> None:
    assert problem(tmp_path) == f"{tmp_path}: no suite here; a suite is a folder rfcNNNN with a clauses.toml"


def test_a_register_alone_is_a_suite_without_scenarios(tmp_path: Path) -> None:
    suites = load(written(tmp_path, {"rfc9999/clauses.toml": HEAD + clause()}))
    assert list(suites) == []
    assert suites.register.find("rfc9999/1.2/first")


def test_the_same_folder_is_loaded_once(tmp_path: Path) -> None:
    assert loaded(tmp_path) is load(tmp_path)
    assert load() is load()
