"""Every RFC 2119 keyword of a text is a clause of that level or excluded with a reason, and every clause has one."""

from __future__ import annotations

import pytest

from conformance.scenario import Clause, load, suites_folder
from tests.keywords import TEXTS, WORDS, Keywords, find_keywords, read_keywords, render, texts

REGISTERS = load().register.text_sha256
SPELLS_NONE = {"rfc1985", "rfc5248"}
"""Texts older than RFC 2119 that have none of its words in capitals."""


def keywords_of(rfc: str) -> Keywords:
    return read_keywords(suites_folder() / rfc / "keywords.toml")


def clauses_of(rfc: str) -> list[Clause]:
    return [clause for clause in load().register if clause.rfc == rfc]


def unaccounted(keywords: Keywords, clauses: list[Clause]) -> list[tuple[int, str]]:
    return [
        (line, word)
        for line, word in keywords.found
        if (line, word) not in keywords.excluded
        and not any(
            clause.level is WORDS[word] and clause.source == "keyword" and clause.lines[0] <= line <= clause.lines[1]
            for clause in clauses
        )
    ]


def unfounded(keywords: Keywords, clauses: list[Clause]) -> list[str]:
    return [
        clause.id
        for clause in clauses
        if clause.source == "keyword"
        and not any(
            WORDS[word] is clause.level and clause.lines[0] <= line <= clause.lines[1] for line, word in keywords.found
        )
    ]


@pytest.mark.parametrize("rfc", REGISTERS)
def test_every_keyword_is_a_clause_or_excluded(rfc: str) -> None:
    assert bool(keywords_of(rfc).found) is (rfc not in SPELLS_NONE)
    assert not unaccounted(keywords_of(rfc), clauses_of(rfc))


@pytest.mark.parametrize("rfc", REGISTERS)
def test_every_clause_from_a_keyword_has_one_of_its_level(rfc: str) -> None:
    assert not unfounded(keywords_of(rfc), clauses_of(rfc))


@pytest.mark.parametrize("rfc", REGISTERS)
def test_what_is_excluded_stands_there_and_says_why(rfc: str) -> None:
    keywords = keywords_of(rfc)
    assert not set(keywords.excluded) - set(keywords.found)
    assert all(len(reason) > 20 for reason in keywords.excluded.values())


@pytest.mark.parametrize("rfc", REGISTERS)
def test_the_file_says_what_the_text_says(rfc: str) -> None:
    text = dict(texts(REGISTERS)).get(rfc)
    if text is None:
        pytest.skip(f"the text of {rfc} is not in {TEXTS}; name its folder in RFC_TEXTS")
    assert keywords_of(rfc).found == sorted(find_keywords(text)), "run `make keywords`"


def test_keywords_are_found_over_line_ends_and_not_in_the_contents() -> None:
    contents = "MUST\n1. Introduction . . 3\n\n"
    text = contents + "1.  Introduction\n\nIt MUST\n   NOT be, SHOULD be, MAYBE and NOT\nRECOMMENDED.\n"
    assert find_keywords(text) == [(6, "MUST NOT"), (7, "SHOULD"), (7, "NOT RECOMMENDED")]


def test_a_missing_clause_and_a_clause_without_a_keyword_are_seen() -> None:
    clause = next(iter(load().register))
    line = clause.lines[0]
    assert unaccounted(Keywords([(line, "OPTIONAL")]), [])
    assert unfounded(Keywords(), [found for found in load().register if found.source == "keyword"][:1])


def test_what_is_written_can_be_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    keywords = Keywords([(3, "MAY"), (5, "MUST NOT")], {(3, "MAY"): "It is the name of a month."})
    path = tmp_path_factory.mktemp("keywords") / "keywords.toml"
    path.write_text(render(keywords), encoding="utf-8")
    assert read_keywords(path) == keywords
