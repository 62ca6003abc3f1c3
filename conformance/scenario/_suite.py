"""``conformance.suite(…)``: what a user's project runs of the suites."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.scenario._clauses import Clause, SuiteError, nearest
from conformance.scenario._discovery import Suites
from conformance.scenario._scenario import Scenario
from conformance.scenario._watches import Watch


@dataclass(frozen=True, slots=True)
class Suite:
    """Some of our scenarios and watches, by selectors; pytest collects a module's variable of this type."""

    selectors: tuple[str, ...]

    def select(self, suites: Suites) -> tuple[list[Scenario], list[Watch]]:
        """What the selectors select, all where there are none.

        Raises:
            SuiteError: one of them matches nothing.
        """
        scenarios, watches = list(suites), list(suites.watches.values())
        if not self.selectors:
            return scenarios, watches
        subjects: dict[str, Scenario | Watch] = {**suites.scenarios, **suites.watches}
        chosen: set[str] = set()
        for selector in self.selectors:
            # The id of one scenario may also begin that of another: then just the one is meant.
            exact = {selector} & subjects.keys()
            found = exact or {name for name, each in subjects.items() if _selects(selector, each)}
            if not found:
                tags = {f"@{tag}" for each in subjects.values() for tag in _tags(each)}
                raise _nothing(selector, [*subjects, *suites.register.clauses, *sorted(tags)])
            chosen |= found
        return [each for each in scenarios if each.id in chosen], [each for each in watches if each.id in chosen]

    def clauses(self, suites: Suites) -> list[Clause]:
        """The clauses that the selectors select, all where there are none.

        Raises:
            SuiteError: one of them matches nothing.
        """
        clauses = list(suites.register)
        for selector in self.selectors:
            if not any(_selects_clause(selector, clause) for clause in clauses):
                raise _nothing(selector, suites.register.clauses)
        return [
            clause
            for clause in clauses
            if not self.selectors or any(_selects_clause(selector, clause) for selector in self.selectors)
        ]


def suite(*selectors: str) -> Suite:
    """Run these scenarios in a test file of your own: ``suite = conformance.suite("rfc5321", "rfc3207/4.2")``.

    A selector is an id of a clause or a scenario, or its first components; ``*`` and ``?`` are special, ``@tag``
    selects by tag. The whole id of a scenario selects nothing else. Without selectors all are meant. The fixture
    ``smtp_target`` says which server is tested.
    """
    return Suite(selectors)


def _selects(selector: str, subject: Scenario | Watch) -> bool:
    if selector.startswith("@"):
        return selector[1:] in _tags(subject)
    names = {subject.id, subject.clause.id, _family(subject.id)}
    return selector in names or any(_begins(name.split("/"), selector.split("/")) for name in names)


def _tags(subject: Scenario | Watch) -> Iterable[str]:
    return subject.tags if isinstance(subject, Scenario) else subject.clause.tags


def _family(name: str) -> str:
    return name.partition("[")[0].partition("~")[0]


def _selects_clause(selector: str, clause: Clause) -> bool:
    if selector.startswith("@"):
        return selector[1:] in clause.tags
    return _begins(clause.id.split("/"), selector.split("/"))


def _nothing(selector: str, ids: Iterable[str]) -> SuiteError:
    known = [beginning for name in ids for beginning in _beginnings(name)]
    return SuiteError(f"nothing is selected by {selector!r}{nearest(selector, dict.fromkeys(known))}")


def _beginnings(name: str) -> list[str]:
    """The RFC, the section, the family of rows, and the name itself."""
    components = _family(name).split("/")
    return [*("/".join(components[:count]) for count in range(1, len(components) + 1)), name]


def _begins(components: list[str], patterns: list[str]) -> bool:
    return len(patterns) <= len(components) and all(
        re.fullmatch("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern), component)
        for component, pattern in zip(components, patterns, strict=False)
    )
