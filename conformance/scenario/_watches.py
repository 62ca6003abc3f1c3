"""Watches: pure functions that look at every reply of the whole run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from conformance.client import Exchange
from conformance.scenario._clauses import Clause, SuiteError
from conformance.scenario._observation import Observation
from conformance.scenario._scenario import _loading

Look = Callable[[Exchange], Observation | None]


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """One watched clause; ``look`` says nothing (``None``) of a reply that the clause is not about.

    A ``pure`` one is shown the same exchange once only: what it said of it is remembered.
    """

    id: str
    clause: Clause
    look: Look
    says: str
    pure: bool = False


def watch(clause: str) -> Callable[[Look], Watch]:
    """Declare a watch: a function named ``watch_…`` that is shown every reply of the run.

    Raises:
        SuiteError: an unknown clause, or a name that does not begin with ``watch_`` or stands there twice.
    """

    def declare(look: Look) -> Watch:
        name = look.__name__
        if not _loading or not name.startswith("watch_"):
            raise SuiteError(f"{name}: a watch stands in a suite file and its name begins with watch_")
        loading = _loading[-1]
        loading.take(name)
        says = (inspect.getdoc(look) or "").partition("\n")[0]
        if not says:
            raise SuiteError(f"{name}: the first line of the docstring says what the watch shows")
        return Watch(f"{loading.rfc}/{loading.section}/{name}", loading.register.find(clause), look, says, pure=True)

    return declare
