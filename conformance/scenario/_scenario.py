"""Scenarios: a coroutine that drives one exchange and returns one observation about one clause."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from conformance.client import At, Segmentation
from conformance.scenario._clauses import Clause, Register, SuiteError, nearest
from conformance.scenario._observation import Observation
from conformance.target import ADDRESS_FACTS, Role
from conformance.target import facts as target_facts

Body = Callable[..., Awaitable[Observation]]

NEEDS = frozenset({"smtp", "second", "another", "hop", "store", "dns", "process", "submit", "agent", "clock"})
"""What a scenario's parameters can ask for, beside its row; ``another`` opens one more connection at each call."""

NOT = "not "
"""Before a target fact: the scenario needs that it is not stated."""
NO = "=no"
"""Behind a fact: the target must say that it is not so."""

ROLES = frozenset(get_args(Role))

MAIL_ROLES = frozenset({"mx", "relay", "submission"})
"""The roles that speak SMTP with EHLO and take mail; LMTP has LHLO and a 554-only host takes none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a family, and in what it differs from the family."""

    value: Any
    clause: str = ""
    start: At | None = None
    offers: tuple[str, ...] = ()
    segments: bool = True


def row(
    value: Any, clause: str = "", *, start: At | None = None, offers: Iterable[str] = (), segments: bool = True
) -> Row:
    """A row that cites another clause than its family, starts elsewhere, or needs an EHLO keyword more.

    ``segments=False``: it is not also sent in segments.
    """
    return Row(value, clause, start, _keywords(offers), segments)


def _words(given: Iterable[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise SuiteError(f"{given!r}: write a list of words, a single one too")  # else its letters would be the words
    return tuple(given)


def _keywords(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(keyword.upper() for keyword in _words(given))


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One row of one scenario, ready to run."""

    id: str
    clause: Clause
    body: Body
    says: str
    start: At
    segmentation: Segmentation = Segmentation.WHOLE
    row: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset({"smtp"})
    offers: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    roles: frozenset[str] = MAIL_ROLES
    tags: frozenset[str] = frozenset()
    alone: bool = False
    slow: bool = False
    path: str = ""
    line: int = 0

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Family:
    """What the decorator leaves in the module: the scenarios of all rows."""

    name: str
    members: tuple[Scenario, ...]


@dataclass(slots=True)
class Loading:
    """The suite file that is being imported: gives scenarios their section and checks their clauses and names."""

    rfc: str
    section: str
    register: Register
    names: set[str] = field(default_factory=set)

    def take(self, name: str) -> None:
        """Take note of a scenario or a watch.

        Raises:
            SuiteError: the file has one of this name, which would be lost without a word.
        """
        if name in self.names:
            raise SuiteError(f"{name}: a scenario or a watch of this name stands above it")
        self.names.add(name)


_loading: list[Loading] = []


def begin_loading(loading: Loading) -> None:
    """Say whose scenarios the next ``@scenario`` declares."""
    _loading.append(loading)


def end_loading() -> None:
    """The file is imported."""
    _loading.pop()


def scenario(
    clause: str,
    *,
    start: At | Sequence[At],
    offers: Iterable[str] = (),
    lacks: Iterable[str] = (),
    facts: Iterable[str] = (),
    roles: Iterable[str] = MAIL_ROLES,
    segments: Iterable[Segmentation | str] = (),
    tags: Iterable[str] = (),
    alone: bool = False,
    slow: bool = False,
    **rows: Mapping[str, Any],
) -> Callable[[Body], Family]:
    """Declare a scenario about one clause.

    ``start`` is the rung it starts from; several rungs make a row each, named for the rung. ``offers`` are the EHLO
    keywords (with a parameter that has to be listed, as in ``AUTH PLAIN``) and ``facts`` the target facts that it
    needs: both make it not-applicable where they are missing; ``lacks`` are EHLO keywords that must not be offered,
    as ``not auth_required`` is a fact that must not be stated, and ``client_trusted=no`` one that must be denied.
    ``roles`` are the target's roles that the clause is about. ``segments`` adds a copy of each row that is sent cut
    (``"octets"``, ``"line-ends"``). ``alone`` keeps other scenarios off the server meanwhile, ``slow`` leaves it
    to ``--slow``. One more keyword names a parameter of the function and gives its rows, by name; a value made
    with ``row()`` cites a clause of its own.

    Raises:
        SuiteError: an unknown clause, fact, role or parameter, a name that stands there twice, or no rows at all; the
            text names the nearest id.
    """

    def declare(body: Body) -> Family:
        members = tuple(_members(body))
        if not members:
            raise SuiteError(f"{body.__name__}: no rows, so that nothing would ever run")
        return Family(body.__name__, members)

    def _members(body: Body) -> Iterable[Scenario]:
        if not _loading:
            raise SuiteError(f"{body.__name__}: suite files are loaded by smtp-conformance and pytest, not imported")
        loading = _loading[-1]
        loading.take(body.__name__)
        if not inspect.iscoroutinefunction(body):
            raise SuiteError(f"{body.__name__}: a scenario is a coroutine; write async def")
        needs = _needs(body, rows)
        if "process" in needs and not alone:
            raise SuiteError(f"{body.__name__}: ends the target, which others would need: write alone=True")
        plain = [fact.removeprefix(NOT).removesuffix(NO) for fact in facts_needed]
        _known(body, "target fact", plain, target_facts() | ADDRESS_FACTS)
        _known(body, "role", allowed_roles, ROLES)
        says = (inspect.getdoc(body) or "").partition("\n")[0]
        if not says:
            raise SuiteError(f"{body.__name__}: the first line of the docstring says what the scenario shows")
        for label, rung, values, made in _rows(rows, starts):
            found = loading.register.find(made.clause or clause)
            base = f"{loading.rfc}/{loading.section}/{body.__name__}{label}"
            for segmentation in (Segmentation.WHOLE, *(cutting if made.segments else ())):
                yield Scenario(
                    id=base if segmentation is Segmentation.WHOLE else f"{base}~{segmentation}",
                    clause=found,
                    body=body,
                    says=says,
                    start=rung,
                    segmentation=segmentation,
                    row=values,
                    needs=needs,
                    offers=offered + made.offers,
                    lacks=missing,
                    facts=facts_needed,
                    roles=allowed_roles,
                    tags=labels | frozenset(found.tags),
                    alone=alone,
                    slow=slow,
                    path=body.__code__.co_filename,
                    line=body.__code__.co_firstlineno,
                )

    starts = (start,) if isinstance(start, At) else tuple(start)
    offered = _keywords(offers)
    missing = _keywords(lacks)
    facts_needed = tuple(facts)
    allowed_roles = frozenset(roles)
    labels = frozenset(_words(tags))
    cutting = tuple(Segmentation(name) for name in segments)
    return declare


def _known(body: Body, kind: str, given: Iterable[str], known: frozenset[str]) -> None:
    for word in sorted(set(given) - known):
        raise SuiteError(f"{body.__name__}: no {kind} is called {word!r}{nearest(word, sorted(known))}")


def _needs(body: Body, rows: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    if len(rows) > 1:
        raise SuiteError(f"{body.__name__}: one keyword makes the rows, not {len(rows)}: {', '.join(rows)}")
    parameters = set(inspect.signature(body).parameters)
    needs = parameters - set(rows)
    if needs - NEEDS:
        raise SuiteError(
            f"{body.__name__}: parameters can be {', '.join(sorted(NEEDS))} or the row, not {needs - NEEDS}"
        )
    if set(rows) - parameters:
        raise SuiteError(f"{body.__name__}: no parameter takes the rows of {', '.join(rows)}")
    return frozenset(needs)


def _rows(rows: Mapping[str, Mapping[str, Any]], starts: Sequence[At]) -> Iterable[tuple[str, At, dict[str, Any], Row]]:
    """Label, starting rung, arguments and the row itself; the label names the rung where there are several."""
    name, values = next(iter(rows.items()), ("", {"": Row(None)}))
    for label, value in values.items():
        made = value if isinstance(value, Row) else Row(value)
        for rung in (made.start,) if made.start is not None else starts:
            at = rung.name.lower() if len(starts) > 1 and made.start is None else ""
            full = "@".join(part for part in (label, at) if part)
            yield f"[{full}]" if full else "", rung, {name: made.value} if name else {}, made


_SECTION = re.compile(r"s((?:\d+|[A-Z])(?:_\d+)*)(?:_|$)")


def section_of(stem: str) -> str | None:
    """The section that a file name says: ``s4_1_1_4_data`` is 4.1.1.4, ``sF_1_turn`` F.1; ``None`` for other files."""
    match = _SECTION.match(stem)
    return match.group(1).replace("_", ".") if match else None


def private_module_name(rfc: str, stem: str) -> str:
    """The name under which a suite file is entered in ``sys.modules``, out of everybody's way."""
    name = f"_smtp_conformance_suites.{rfc}.{stem}"
    number = 1
    while name in sys.modules:
        number += 1
        name = f"_smtp_conformance_suites.{rfc}.{stem}_{number}"
    return name
