"""``conformance.suite(…)``: what a user's project runs of the suites."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.scenario._clauses import SuiteError, nearest
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
        subjects: list[Scenario | Watch] = [*scenarios, *watches]
        for selector in self.selectors:
            if not any(_selects(selector, subject) for subject in subjects):
                known = [*suites.scenarios, *suites.watches, *suites.register.clauses]
                raise SuiteError(f"nothing is selected by {selector!r}{nearest(selector, known)}")
        if not self.selectors:
            return scenarios, watches
        return (
            [scenario for scenario in scenarios if any(_selects(selector, scenario) for selector in self.selectors)],
            [watch for watch in watches if any(_selects(selector, watch) for selector in self.selectors)],
        )


def suite(*selectors: str) -> Suite:
    """Run these scenarios in a test file of your own: ``suite = conformance.suite("rfc5321", "rfc3207/4.2")``.

    A selector is an id of a clause or a scenario, or its first components; ``*`` and ``?`` are special, ``@tag``
    selects by tag. Without selectors all are meant. The fixture ``smtp_target`` says which server is tested.
    """
    return Suite(selectors)


def _selects(selector: str, subject: Scenario | Watch) -> bool:
    if selector.startswith("@"):
        tags = subject.tags if isinstance(subject, Scenario) else subject.clause.tags
        return selector[1:] in tags
    names = {subject.id, subject.clause.id, subject.id.partition("[")[0].partition("~")[0]}
    return selector in names or any(_begins(name.split("/"), selector.split("/")) for name in names)


def _begins(components: list[str], patterns: list[str]) -> bool:
    return len(patterns) <= len(components) and all(
        re.fullmatch("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern), component)
        for component, pattern in zip(components, patterns, strict=False)
    )
