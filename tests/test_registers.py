"""The registers: anchored in the text, graded as the text grades, complete in what they refer to."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest

from conformance.scenario import Clause, Level, load

KEYWORDS = {
    Level.MUST: ("MUST", "SHALL", "REQUIRED"),
    Level.MUST_NOT: ("MUST NOT", "SHALL NOT"),
    Level.SHOULD: ("SHOULD", "RECOMMENDED"),
    Level.SHOULD_NOT: ("SHOULD NOT", "NOT RECOMMENDED"),
    Level.MAY: ("MAY", "OPTIONAL"),
}
TEXTS = Path(os.environ.get("RFC_TEXTS", Path(__file__).parents[2] / "shared" / "rfc"))
CLAUSES = list(load().register)


def text_at_hand(rfc: str) -> list[str] | None:
    """The lines of the text; ``None`` where it is not there, or the register goes by another than the plain text."""
    path, digest = TEXTS / f"{load().register.texts[rfc]}.txt", load().register.text_sha256[rfc]
    if not path.exists() or not digest:
        return None
    octets = path.read_bytes()
    assert hashlib.sha256(octets).hexdigest() == digest
    return octets.decode("utf-8-sig").split("\n")


def text_of(rfc: str) -> list[str]:
    lines = text_at_hand(rfc)
    if lines is None:
        pytest.skip(f"the text of {rfc} is not at hand; name its folder in RFC_TEXTS")
    return lines


def stands_there(clause: Clause, lines: list[str]) -> str:
    return " ".join(" ".join(lines[clause.lines[0] - 1 : clause.lines[1]]).split())


@pytest.mark.parametrize("rfc", sorted(load().register.text_sha256))
def test_the_keyword_of_the_level_stands_in_the_lines(rfc: str) -> None:
    lines = text_of(rfc)
    astray = {
        clause.id: stands_there(clause, lines)
        for clause in CLAUSES
        if clause.rfc == rfc
        and clause.source == "keyword"
        and not any(word in stands_there(clause, lines).upper() for word in KEYWORDS[clause.level])
    }
    assert not astray


@pytest.mark.parametrize("rfc", sorted(load().register.text_sha256))
def test_the_lines_stand_in_the_section(rfc: str) -> None:
    lines = text_of(rfc)
    heading = re.compile(r'^(?:Appendix )?([A-Z](?:\.\d+)*(?=\.  )|\d+(?:\.\d+)*)\.? {1,2}(?:[A-Za-z"#]|8-)')
    section_at: list[str] = []
    section = ""
    for line in lines:
        match = heading.match(line)
        section = match.group(1) if match else section
        section_at.append(section)
    astray = {
        clause.id: section_at[clause.lines[0] - 1]
        for clause in CLAUSES
        if clause.rfc == rfc and section_at[clause.lines[0] - 1] != clause.section
    }
    assert not astray


@pytest.mark.parametrize("rfc", sorted(load().register.text_sha256))
def test_no_clause_copies_the_text(rfc: str) -> None:
    copied = {}
    lines = text_of(rfc)
    for clause in CLAUSES:
        if clause.rfc == rfc and len(clause.says) > 40:
            there = re.sub(r"[^a-z0-9 ]", "", stands_there(clause, lines).lower())
            ours = re.sub(r"[^a-z0-9 ]", "", clause.says.lower()).split()
            runs = [" ".join(ours[at : at + 9]) for at in range(len(ours) - 8)]
            copied |= {f"{clause.id}: {run}": there for run in runs if run in there}
    assert not copied


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_a_clause_is_complete(clause: Clause) -> None:
    assert clause.lines[0] <= clause.lines[1]
    assert clause.says.endswith(".")
    if clause.observed == "none":
        assert clause.reason, "says why nobody could ever see it"
    if clause.source == "prose" and clause.level in {Level.MUST, Level.MUST_NOT}:
        assert clause.reason, "prose grades SHOULD at most unless it is argued"
    if clause.restates:
        assert load().register.find(clause.restates)


def test_scenarios_cite_clauses_that_bind_a_server_and_show_where_they_look() -> None:
    """A server that passes mail on is a relay and a client too, and what it does then shows behind it.

    So is one that makes an envelope for a user of its own, wherever the message goes.
    A user's program is a client and nothing else, and shows at a server of ours.
    """
    for scenario in load():
        if "agent" in scenario.needs:
            assert (scenario.clause.party, scenario.clause.observed) == ("client", "client"), scenario.id
            continue
        behind = scenario.needs & {"hop", "store", "dns"}
        parties = {"server", "both"} | ({"relay", "client"} if scenario.needs & {"hop", "dns", "submit"} else set())
        places = {"store", "next-hop", "dns", "time", "client"} if behind else {"wire", *(("time",) * scenario.slow)}
        assert scenario.clause.party in parties, scenario.id
        assert scenario.clause.observed in places | ({"wire"} if behind else set()), scenario.id
