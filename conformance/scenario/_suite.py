"""``conformance.suite(…)``: what a user's project runs of the suites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.scenario._discovery import Suites
from conformance.scenario._scenario import Scenario
from conformance.scenario._watches import Watch


@dataclass(frozen=True, slots=True)
class Suite:
    """Some of our scenarios and watches, by selectors; pytest collects a module's variable of this type."""

    selectors: tuple[str, ...]

    def select(self, suites: Suites) -> tuple[Sequence[Scenario], Sequence[Watch]]:
        """What the selectors select.

        Raises:
            SuiteError: one of them matches nothing.
        """
        raise NotImplementedError


def suite(*selectors: str) -> Suite:
    """Run these scenarios in a test file of your own: ``suite = conformance.suite("rfc5321", "rfc3207/4.2")``.

    A selector is an id of a clause or a scenario, or its first components; ``*`` and ``?`` are special, ``@tag``
    selects by tag. Without selectors all are meant. The fixture ``smtp_target`` says which server is tested.
    """
    return Suite(selectors)
