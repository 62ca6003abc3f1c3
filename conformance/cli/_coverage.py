"""``smtp-conformance coverage``: how much of the registers is checked, and how much of that is proven."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from conformance.cli._output import Output
from conformance.reference import Defect
from conformance.reference.defects import load_defects
from conformance.scenario import Clause, Register, Scenario, Suite, Suites, Watch

LEVELS = ("MUST", "SHOULD", "MAY")
"""The levels of the table; what MUST NOT be counts under MUST."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A clause, who is about it, and which defects prove them."""

    clause: Clause
    scenarios: tuple[str, ...]
    defects: tuple[str, ...]
    restated_by: str = ""

    @property
    def observable(self) -> bool:
        """Whether anyone could ever see it kept or broken."""
        return self.clause.observed != "none"

    @property
    def checked(self) -> bool:
        """Whether a scenario or a watch is about it, or about the clause that it says again, if anyone can."""
        return self.observable and bool(self.scenarios or self.restated_by)

    @property
    def proven(self) -> bool:
        """Whether a planted defect makes one of those fail."""
        return self.observable and bool(self.defects)


def said_before(clause: Clause, register: Register) -> Iterator[str]:
    """The clauses that this one says again, from one to the next: what says again a proven one is proven by it."""
    passed = {clause.id}
    while clause.restates and clause.restates not in passed:
        passed.add(clause.restates)
        yield clause.restates
        clause = register.find(clause.restates)


def cover(suites: Suites, defects: Iterable[Defect]) -> list[Covered]:
    """Every clause of the registers with what checks and proves it."""
    subjects: list[Scenario | Watch] = [*suites, *suites.watches.values()]
    about: dict[str, list[str]] = {}
    for subject in subjects:
        about.setdefault(subject.clause.id, []).append(subject.id)
    known = [subject.id for subject in subjects]
    proof: dict[str, list[str]] = {}
    for defect in defects:
        for name in defect.proven(known) | defect.varied(known):
            proof.setdefault(name, []).append(defect.name)

    def covered(clause: Clause) -> Covered:
        names, restated = about.get(clause.id, []), ""
        if not names:
            restated = next((said for said in said_before(clause, suites.register) if said in about), "")
            names = about.get(restated, [])
        proofs = sorted({defect for name in names for defect in proof.get(name, [])})
        return Covered(clause, () if restated else tuple(names), tuple(proofs), restated)

    return [covered(clause) for clause in suites.register]


Count = Callable[[Covered], bool]
COLUMNS: dict[str, Count] = {
    "clauses": lambda _: True,
    "not observable": lambda each: not each.observable,
    "on the wire": lambda each: each.clause.observed == "wire",
    "elsewhere": lambda each: each.clause.observed not in {"wire", "none"},
    "checked": lambda each: each.checked,
    "proven": lambda each: each.proven,
}
"""What is counted, all of it out of the whole register."""


def counted(chosen: Iterable[Covered]) -> dict[str, int]:
    """The figures of these clauses."""
    chosen = list(chosen)
    return {name: sum(map(counts, chosen)) for name, counts in COLUMNS.items()}


def coverage(
    suites: Suites, selectors: Sequence[str], *, as_json: bool = False, gaps: bool = False, markdown: bool = False
) -> None:
    """Print the figures by section and level, and with ``gaps`` what is observable and not proven.

    ``as_json`` and ``markdown`` are other forms; the latter has one line for each RFC.

    Raises:
        SuiteError: a selector matches nothing.
    """
    chosen = {clause.id for clause in Suite(tuple(selectors)).clauses(suites)}
    everything = [each for each in cover(suites, load_defects().values()) if each.clause.id in chosen]
    missing = [each for each in everything if each.observable and not each.proven]
    if as_json:
        _print_json(everything, missing)
        return
    if markdown:
        sys.stdout.write(markdown_table(everything, suites.register.keywords))
        return
    table = Table("section", "level", *COLUMNS, title="Of the clauses of the registers, by section and level")
    for name, of_section in _by_section(everything).items():
        for level in LEVELS:
            of_level = [each for each in of_section if each.clause.level.value.startswith(level)]
            if of_level:
                table.add_row(name, level, *map(str, counted(of_level).values()))
    table.add_section()
    for rfc in dict.fromkeys(each.clause.rfc for each in everything):
        of_rfc = [each for each in everything if each.clause.rfc == rfc]
        table.add_row(rfc, "all", *map(str, counted(of_rfc).values()))
    console = Output(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if gaps:
        for each in missing:
            clause = each.clause
            console.print(
                f"{clause.id}  {clause.level.value}  {clause.party}, {clause.observed}", markup=False, highlight=False
            )
    all_of_it = counted(everything)
    console.print(
        f"{all_of_it['proven']} of {all_of_it['clauses']} clauses are checked by a scenario that a planted defect "
        f"makes fail ({_share(all_of_it['proven'], all_of_it['clauses'])}); {len(missing)} that could be observed "
        f"are not{'' if gaps or not missing else '; --gaps names them'}.",
        highlight=False,
    )


def markdown_table(everything: Sequence[Covered], keywords: Mapping[str, str]) -> str:
    """One line for each RFC, with its EHLO keyword where it has one, and one for all."""
    lines = ["| RFC | keyword | clauses | observable | checked | proven |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    rfcs = sorted({each.clause.rfc for each in everything}, key=lambda rfc: int(rfc.removeprefix("rfc")))
    for rfc in rfcs:
        number = rfc.removeprefix("rfc")
        of_rfc = [each for each in everything if each.clause.rfc == rfc]
        lines.append(_line(f"[{number}](https://www.rfc-editor.org/rfc/{rfc}.html)", keywords.get(rfc, ""), of_rfc))
    return "\n".join([*lines, _line("all", "", everything)]) + "\n"


def _line(name: str, keyword: str, chosen: Sequence[Covered]) -> str:
    figures = counted(chosen)
    observable = figures["clauses"] - figures["not observable"]
    cells = (name, keyword, figures["clauses"], observable, figures["checked"], figures["proven"])
    return f"| {' | '.join(map(str, cells))} |"


def _by_section(everything: Iterable[Covered]) -> dict[str, list[Covered]]:
    sections: dict[str, list[Covered]] = {}
    for each in everything:
        sections.setdefault(f"{each.clause.rfc} {each.clause.section}", []).append(each)
    return sections


def _share(part: int, whole: int) -> str:
    return f"{100 * part // whole} %" if whole else "nothing"


def _print_json(everything: Sequence[Covered], missing: Sequence[Covered]) -> None:
    said = {
        "all": counted(everything),
        "sections": {name: counted(chosen) for name, chosen in _by_section(everything).items()},
        "gaps": [each.clause.id for each in missing],
    }
    sys.stdout.write(json.dumps(said, indent=2) + "\n")
