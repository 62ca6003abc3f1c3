"""Shadows: which defects would have decided otherwise than the clean server, found out while the clean one runs."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import random
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, MutableSequence, MutableSet, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from operator import attrgetter, is_
from types import CodeType, CoroutineType, FunctionType, MethodType
from typing import Any

import trio

PLAIN = (bytes, str, int, float, type(None), enum.Enum, range, frozenset, FunctionType, MethodType)
"""Types whose values nobody can change."""

BESIDE = frozenset({"decisions", "mailer"})
"""Fields that are no part of what a session remembers; what a mailer does can't be taken back."""

OUTSIDE = (trio.abc.Stream, ssl.SSLContext, trio.Nursery, trio.Event, trio.Lock, trio.CancelScope, random.Random)
"""Types whose values are no part of what a session remembers."""


MEMORIES = (MutableMapping, MutableSequence, MutableSet)
"""What a defect could keep a memory in."""


OnlySaid = Callable[[str, object, object], frozenset[str] | None]


class _UnknownStateError(Exception):
    """A session holds something that can't be put back."""


class DiffersError(Exception):
    """A defect that is asked only does something that the clean server did not do, or what can't be taken back."""


class Difference(enum.Enum):
    """How a defect would have decided."""

    NONE = enum.auto()
    SAID = enum.auto()
    """It leaves the same behind, and returns something else."""
    OTHERWISE = enum.auto()


Shadow = tuple[str, Callable[..., Any]]
"""A defect by its name, and what it does at a point."""

_Asked = tuple[Difference, object]
"""How a defect would have decided, and what it returns."""


class State:
    """What an object remembers, to compare and to put back: its data classes, lists, dictionaries and sets.

    Raises:
        _UnknownStateError: the object holds something else.
    """

    __slots__ = ("_fields", "_filled", "_seen")

    def __init__(self, *roots: object) -> None:
        self._fields: list[tuple[object, tuple[str, ...], Callable[[object], tuple[Any, ...]], tuple[Any, ...]]] = []
        self._filled: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        for root in roots:
            self._keep(root)

    def _keep(self, value: Any) -> None:
        kind = type(value)
        if _is_plain(kind) or id(value) in self._seen:
            return
        self._seen.add(id(value))
        inner: Iterable[object]
        if kind is tuple:
            inner = value
        elif kind in {list, set, dict, bytearray}:
            self._filled.append((value, value.copy()))
            inner = [*value, *value.values()] if kind is dict else value
        elif _is_plain_class(kind):
            self._filled.append((vars(value), vars(value).copy()))
            inner = [each for name, each in vars(value).items() if name not in BESIDE]
        else:
            names, read, frozen = _plan(kind)
            inner = read(value)
            if not frozen:
                self._fields.append((value, names, read, inner))
        for each in inner:
            if not _is_plain(type(each)):
                self._keep(each)

    def and_also(self, *roots: object) -> State:
        """The same with more objects."""
        more = [root for root in roots if not _is_plain(type(root))]
        if not more:
            return self
        wider = State()
        wider._fields, wider._filled, wider._seen = [*self._fields], [*self._filled], {*self._seen}
        for root in more:
            wider._keep(root)
        return wider

    def stands(self) -> bool:
        """Whether nothing has changed since."""
        for kept, _, read, contents in self._fields:
            if read(kept) != contents:
                return False
        return all(filled == contents for filled, contents in self._filled)

    def is_untouched(self) -> bool:
        """Whether every field and every container still holds the very objects that it held."""
        for kept, _, read, contents in self._fields:
            if not all(map(is_, read(kept), contents)):
                return False
        return all(_holds_the_same(filled, contents) for filled, contents in self._filled if filled or contents)

    def restore(self) -> None:
        """Put everything back."""
        for kept, names, read, contents in self._fields:
            if not all(map(is_, read(kept), contents)):
                for name, value in zip(names, contents, strict=True):
                    setattr(kept, name, value)
        for filled, contents in self._filled:
            if not (filled or contents) or _holds_the_same(filled, contents):
                continue
            if isinstance(filled, list | bytearray):
                filled[:] = contents
            else:
                filled.clear()
                filled.update(contents)


def _holds_the_same(filled: Any, contents: Any) -> bool:
    """Whether a container holds the very objects of its copy, in the same order where it has one."""
    if len(filled) != len(contents):
        return False
    if isinstance(filled, dict):
        return all(map(is_, filled, contents)) and all(map(is_, filled.values(), contents.values()))
    return all(map(is_, filled, contents)) if isinstance(filled, list) else bool(filled == contents)


_known_plain: dict[type, bool] = {}


def _is_plain(kind: type) -> bool:
    known = _known_plain.get(kind)
    if known is None:
        known = _known_plain[kind] = issubclass(kind, (*PLAIN, *OUTSIDE))
    return known


_known_classes: dict[type, bool] = {}


def _is_plain_class(kind: type) -> bool:
    """Whether this is a class of ours that keeps what it remembers in its attributes."""
    known = _known_classes.get(kind)
    if known is None:
        keeps = kind.__dictoffset__ != 0 and not dataclasses.is_dataclass(kind)
        known = _known_classes[kind] = keeps and _is_ours(kind)
    return known


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith("conformance.")


Plan = tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]], bool]
"""The fields of a data class, how to read them all, and whether they can't be set."""

_known_plans: dict[type, Plan] = {}


def _plan(kind: type) -> Plan:
    known = _known_plans.get(kind)
    if known is None:
        if dataclasses.is_dataclass(kind):
            every = [field.name for field in dataclasses.fields(kind)]
            frozen: bool = getattr(kind, "__dataclass_params__").frozen  # noqa: B009 - unknown to the type checker
        elif _is_ours(kind) and hasattr(kind, "__slots__"):
            every, frozen = [*kind.__slots__], False
        else:
            raise _UnknownStateError(kind.__name__)
        names = tuple(name for name in every if name not in BESIDE)
        known = _known_plans[kind] = (names, _reader(names), frozen)
    return known


def _reader(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def memories(function: Callable[..., Any]) -> list[object]:
    """What a defect keeps a memory of its own in, in its module or in a closure: nobody can put that back.

    A name in capitals is a table, which nobody changes.
    """
    return list(_memories(inspect.unwrap(function), set()))


def _memories(function: Callable[..., Any], seen: set[object]) -> Iterator[object]:
    if not isinstance(function, FunctionType) or function in seen:
        return
    seen.add(function)
    closed = inspect.getclosurevars(function)
    reached = {**closed.globals, **closed.nonlocals, **dict(_inner_globals(function))}
    for name, value in reached.items():
        if isinstance(value, MEMORIES) and not name.isupper():
            yield value
        yield from _memories(value, seen)


def _inner_globals(function: FunctionType) -> Iterable[tuple[str, object]]:
    """What the lambdas and comprehensions inside a function reach, which its own code does not name."""
    inner = [each for each in function.__code__.co_consts if isinstance(each, CodeType)]
    while inner:
        code = inner.pop()
        inner += [each for each in code.co_consts if isinstance(each, CodeType)]
        yield from ((name, function.__globals__[name]) for name in code.co_names if name in function.__globals__)


class Shadows:
    """Defects that look over the clean server's shoulder.

    Whenever the clean server decides, each defect of that point is asked too, with the session as it was before; where
    its answer and what it leaves in the session are those of the clean server, it could not be told from it so far.
    ``touched`` are the others. Whatever can't be compared counts as different: what is left out is left out rightly.
    Those that are ``remembering`` have a memory of their own, and are asked once for each decision, no more.
    A scenario that ``sees_mail`` has a next hop or a store; to any other it is the same what is decided by those whose
    class says that they act ``BEHIND_THE_REPLY``.

    As long as the client is ``on_ladder``, another answer need not count as another decision where it is only said:
    ``only_said`` knows, by the point and both answers, and returns the keywords that one lists and the other does not.
    ``spoke`` has them by defect.
    """

    def __init__(
        self,
        overrides: Mapping[str, Sequence[Shadow]],
        *,
        sees_mail: bool = True,
        only_said: OnlySaid | None = None,
        remembering: AbstractSet[str] = frozenset(),
    ) -> None:
        self.overrides = overrides
        self.remembering = remembering
        self.sees_mail = sees_mail
        self.only_said = only_said
        self.on_ladder = only_said is not None
        self.touched: set[str] = set()
        self.spoke: dict[str, set[str]] = {}
        self.asking = ""
        self.states: dict[int, tuple[object, State]] = {}

    def decide(
        self, clean: Callable[..., Any], instance: Any, names: Sequence[str], args: tuple[Any, ...], kwargs: Any
    ) -> Any:
        """The clean decision; takes note of the defects that would have decided otherwise."""
        if self.asking:
            sends_mail = hasattr(instance, "nursery")
            if sends_mail or any(self.asking == name for point in names for name, _ in self.overrides.get(point, ())):
                raise DiffersError
            return clean(instance, *args, **kwargs)
        unseen = not self.sees_mail and getattr(type(instance), "BEHIND_THE_REPLY", False)
        shadows = [] if unseen else self._untouched(names)
        if not shadows:
            return clean(instance, *args, **kwargs)
        try:
            before = self._state_of(instance).and_also(*args, *kwargs.values())
        except _UnknownStateError:
            self._touch(shadows)
            return clean(instance, *args, **kwargs)
        try:
            decided = clean(instance, *args, **kwargs)
        except Exception:
            self._touch(shadows)
            raise
        decision = _decision(instance, args, kwargs, before, decided)
        if decision is None:
            self._touch(shadows)
        else:
            self._ask(names, decision)
        return decided

    def _ask(self, names: Sequence[str], decision: Decision) -> None:
        """Ask each defect what it would have decided; the session is as the clean server left it when all are asked."""
        shadows = self._untouched(names)
        plain = [shadow for shadow in shadows if shadow[0] not in self.remembering]
        asked = [] if decision.changed else self._asked(plain, decision.ask_lightly)
        if asked and not decision.after.is_untouched():
            asked = []
        again = [] if asked else plain
        if again or len(plain) < len(shadows):
            decision.before.restore()
            asked += self._asked(again, decision.ask)
            remembering = [shadow for shadow in shadows if shadow[0] in self.remembering]
            asked += self._asked(remembering, partial(decision.ask, remembers=True))
            decision.after.restore()
        for name, difference, own in asked:
            if difference is not Difference.NONE and not self._is_spoken(name, names[0], difference, decision, own):
                self.touched.add(name)

    def _asked(
        self, shadows: Iterable[Shadow], ask: Callable[[Callable[..., Any]], _Asked]
    ) -> list[tuple[str, Difference, object]]:
        found = []
        for name, function in shadows:
            self.asking = name
            found.append((name, *ask(function)))
        self.asking = ""
        return found

    def _touch(self, shadows: Iterable[Shadow]) -> None:
        self.touched.update(name for name, _ in shadows)

    def leave_ladder(self) -> None:
        """From now on whatever differs counts."""
        self.on_ladder = False

    def recall(self) -> None:
        """What was said on the ladder is asked for: it counts too."""
        self.touched |= self.spoke.keys()

    def _is_spoken(self, name: str, point: str, difference: Difference, decision: Decision, own: object) -> bool:
        """Whether the defect said something else on the ladder, and did no more; takes note of what."""
        if not self.on_ladder or self.only_said is None or difference is Difference.OTHERWISE:
            return False
        keywords = self.only_said(point.rpartition(".")[2], decision.decided, own)
        if keywords is None:
            return False
        self.spoke.setdefault(name, set()).update(keywords)
        return True

    def _state_of(self, instance: Any) -> State:
        known, state = self.states.get(id(instance), (None, None))
        if known is not instance or state is None or not state.is_untouched():
            state = State(instance)
            self.states[id(instance)] = instance, state
        return state

    def _untouched(self, names: Sequence[str]) -> list[Shadow]:
        return [shadow for point in names for shadow in self.overrides.get(point, ()) if shadow[0] not in self.touched]


@dataclasses.dataclass(slots=True)
class Decision:
    """One decision of the clean server, to put to defects.

    ``changed`` says whether it left anything in the session: the states before and after are the same if not.
    """

    instance: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    before: State
    after: State
    decided: Any
    changed: bool

    def ask(self, function: Callable[..., Any], *, remembers: bool = False) -> _Asked:
        """How the defect differs, and what it returns; what it leaves in the session is put back.

        Who ``remembers`` may keep what it left, so that nothing may be there but the very objects of the clean server.
        """
        difference, own = self.ask_lightly(function)
        untouched = self.after.is_untouched()
        if not (untouched or (self.after.stands() and not remembers)):
            difference = Difference.OTHERWISE
        if self.changed or not untouched:
            self.before.restore()
        return difference, own

    def ask_lightly(self, function: Callable[..., Any]) -> _Asked:
        """The same, but for what it leaves in the session, which is not looked at."""
        asked = False

        def clean(*given: Any, **named: Any) -> Any:
            nonlocal asked
            same = not asked and given == self.args and named == self.kwargs
            if not same or not (self.before.is_untouched() or self.before.stands()):
                raise DiffersError
            asked = True
            if self.changed:
                self.after.restore()
            return self.decided

        try:
            own = function(clean, self.instance, *self.args, **self.kwargs)
        except Exception:  # noqa: BLE001 - a defect that can't be asked like this is tried in earnest
            return Difference.OTHERWISE, None
        if isinstance(own, CoroutineType):
            own.close()
            return Difference.OTHERWISE, None
        same = type(own) is type(self.decided) and own == self.decided
        return (Difference.NONE if same else Difference.SAID), own


def _decision(instance: Any, args: tuple[Any, ...], kwargs: Any, before: State, decided: Any) -> Decision | None:
    """What the clean server has decided; ``None`` where that can't be compared with anything.

    Where somebody who sends mail returns nothing, all that counts is what was done, and that can't be seen.
    """
    if decided is None and hasattr(instance, "nursery"):
        return None
    changed = not before.is_untouched()
    try:
        after = (State(instance, args, kwargs) if changed else before).and_also(decided)
    except _UnknownStateError:
        return None
    return Decision(instance, args, kwargs, before, after, decided, changed)
