"""Decision points: methods of the reference server that a defect can override, and that record who asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from conformance.reference._shadows import DiffersError, Shadows

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Decider")


Override = Callable[Concatenate[Callable[P, R], S, P], R]


class Decider(Protocol):
    """What a class with decision points offers."""

    decisions: Decisions


@dataclass(slots=True)
class Decisions:
    """The overrides in force, by decision point, and the names of the points that were consulted.

    ``shadows`` are defects that are not in force and are asked what they would have decided. ``profile`` is the kind of
    server, in front of every name: a defect is one of servers of one kind, so that those of SMTP need not say what else
    they would break in LMTP or in an extension that few servers have.
    """

    overrides: dict[str, list[Override[..., Any, Any]]] = field(default_factory=dict)
    consulted: set[str] = field(default_factory=set)
    shadows: Shadows | None = None
    profile: str = ""
    _in_force: dict[tuple[str, str | None], tuple[Override[..., Any, Any], ...]] = field(default_factory=dict)

    def override(self, point: str, function: Override[..., Any, Any]) -> None:
        """Put ``function`` in front of what decides now at ``point``, or at ``point:case`` in that case only."""
        self.overrides.setdefault(point, []).append(function)
        self._in_force.clear()

    def act(self) -> None:
        """Say that what is done now can't be taken back.

        Raises:
            DiffersError: a defect is only asked what it would do.
        """
        if self.shadows is not None and self.shadows.asking:
            raise DiffersError

    def in_force(self, point: str, case: str | None) -> tuple[Override[..., Any, Any], ...]:
        """The overrides of a point in a case, the innermost first; takes note that it was consulted."""
        known = self._in_force.get((point, case))
        if known is None:
            names = names_of(self.profile, point, case)
            self.consulted.update(names)
            found = [function for name in names for function in self.overrides.get(name, ())]
            known = self._in_force[point, case] = tuple(found)
        return known


class DecisionPoint(Generic[S, P, R]):
    """A method whose answer a defect may change; it decides as written where none does.

    ``case`` tells the cases of the point apart by its arguments: a defect may be about some of them only, and then
    needs to be tried only where one of those came up.
    """

    def __init__(
        self, clean: Callable[Concatenate[S, P], R], case: Callable[Concatenate[S, P], str] | None = None
    ) -> None:
        self.clean = clean
        self.case = case
        self.name = clean.__name__
        self.__doc__ = clean.__doc__

    @overload
    def __get__(self, instance: None, owner: type[S]) -> DecisionPoint[S, P, R]: ...
    @overload
    def __get__(self, instance: S, owner: type[S]) -> Callable[P, R]: ...
    def __get__(self, instance: S | None, owner: type[S]) -> DecisionPoint[S, P, R] | Callable[P, R]:
        if instance is None:
            return self
        if self.case is not None:
            return partial(self._decide_case, self.case, instance)
        return self._decider(instance, None)

    def _decide_case(self, case: Callable[..., str], instance: S, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._decider(instance, case(instance, *args))(*args, **kwargs)

    def _decider(self, instance: S, case: str | None) -> Callable[P, R]:
        decisions = instance.decisions
        if decisions.shadows is not None:
            names = names_of(decisions.profile, self.name, case)
            return partial(self._decide_with_shadows, decisions.shadows, instance, names)
        decide: Callable[..., R] = MethodType(self.clean, instance)
        for function in decisions.in_force(self.name, case):
            decide = partial(function, decide, instance)
        return decide

    def _decide_with_shadows(
        self, shadows: Shadows, instance: S, names: tuple[str, ...], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        if not shadows.asking:
            instance.decisions.consulted.update(names)
        decided: R = shadows.decide(self.clean, instance, names, args, kwargs)
        return decided


def in_profile(profile: str, point: str) -> str:
    """The name of a decision point in a profile."""
    return f"{profile}.{point}" if profile else point


@lru_cache(maxsize=4096)
def names_of(profile: str, point: str, case: str | None) -> tuple[str, ...]:
    """By which names a defect can override a point in a case."""
    names = (point,) if case is None else (point, f"{point}:{case}")
    return tuple(in_profile(profile, name) for name in names)


def decision(clean: Callable[Concatenate[S, P], R]) -> DecisionPoint[S, P, R]:
    """Make a method a decision point."""
    return DecisionPoint(clean)


def decision_by(
    case: Callable[Concatenate[S, P], str],
) -> Callable[[Callable[Concatenate[S, P], R]], DecisionPoint[S, P, R]]:
    """Make a method a decision point whose cases are told apart by its arguments."""

    def make(clean: Callable[Concatenate[S, P], R]) -> DecisionPoint[S, P, R]:
        return DecisionPoint(clean, case)

    return make


@dataclass(frozen=True, slots=True)
class Defect:
    """A modifier of the reference server, named for what the broken server does.

    ``proves`` are patterns of the scenarios that must find it, ``also`` of clauses that it breaks besides; ``varies``
    are scenarios whose observation it changes within what the RFC allows: nobody may be accused then.
    """

    name: str
    does: str
    overrides: tuple[tuple[str, Callable[..., Any]], ...]
    proves: frozenset[str]
    also: frozenset[str] = frozenset()
    varies: frozenset[str] = frozenset()

    def apply(self, decisions: Decisions) -> None:
        """Put the defect in force."""
        for point, function in self.overrides:
            decisions.override(point, function)

    def proven(self, known: Iterable[str]) -> set[str]:
        """The scenarios and watches of ``known`` that must find the defect."""
        return {name for name in known if any(matches(pattern, name) for pattern in self.proves)}

    def varied(self, known: Iterable[str]) -> set[str]:
        """The scenarios of ``known`` that must see it and accuse nobody."""
        return {name for name in known if any(matches(pattern, name) for pattern in self.varies)}

    def breaks(self, clause: str) -> bool:
        """Whether it says that it breaks this clause besides those that it proves."""
        return any(matches(pattern, clause) for pattern in self.also)

    @property
    def points(self) -> frozenset[str]:
        """The decision points that it overrides."""
        return frozenset(point for point, _ in self.overrides)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern, in which only ``*`` and ``?`` are special, means this name."""
    return _compiled(pattern).fullmatch(name) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


_defects: dict[str, Defect] = {}


def defect(
    point: DecisionPoint[S, P, R],
    *,
    name: str = "",
    proves: Sequence[str] | set[str] = (),
    also: Sequence[str] | set[str] = (),
    varies: Sequence[str] | set[str] = (),
    only: Sequence[str] | set[str] = (),
    profile: str = "",
) -> Callable[[Override[P, R, S]], Override[P, R, S]]:
    """Declare a defect: a function that decides in the place of ``point``.

    It is given the clean decision, the session, and the point's arguments. Its docstring says what the broken server
    does. The function's name is the defect's, unless ``name`` joins it to another: one defect at several points.
    ``only`` names the cases of the point that it is about; in all others the server decides as written. ``profile``
    is the kind of server that has it: the ordinary one, ``lmtp``, ``submission``, or ``on-request`` with an extension
    of the table.

    Raises:
        ValueError: two defects of one name for one point, no docstring, or cases of a point that has none.
    """

    def declare(function: Override[P, R, S]) -> Override[P, R, S]:
        called = name or function.__name__.replace("_", "-")
        does = (function.__doc__ or "").strip().partition("\n")[0]
        if not does:
            raise ValueError(f"defect {called}: the docstring says what the broken server does")
        if only and point.case is None:
            raise ValueError(f"defect {called}: {point.name} has no cases")
        known = _defects.get(called)
        cases = [f"{point.name}:{case}" for case in sorted(only)] or [point.name]
        points = [in_profile(profile, each) for each in cases]
        overrides = (*((each, function) for each in points), *(known.overrides if known else ()))
        if known and (not name or known.points & set(points)):
            raise ValueError(f"two defects are called {called}")
        _defects[called] = Defect(
            name=called,
            does=does,
            overrides=overrides,
            proves=frozenset(proves) | (known.proves if known else frozenset()),
            also=frozenset(also) | (known.also if known else frozenset()),
            varies=frozenset(varies) | (known.varies if known else frozenset()),
        )
        return function

    return declare


def declared() -> dict[str, Defect]:
    """All defects declared so far, by name."""
    return dict(_defects)
