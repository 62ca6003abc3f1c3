"""Shadows: which defects would have decided otherwise than the clean server, found out while the clean one runs."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import ssl
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, MutableSet, Sequence
from operator import attrgetter, is_
from types import CodeType, CoroutineType, FunctionType, MethodType
from typing import Any

import trio

PLAIN = (bytes, str, int, float, type(None), enum.Enum, range, frozenset, FunctionType, MethodType)
"""Types whose values nobody can change."""

BESIDE = frozenset({"decisions", "mailer"})
"""Fields that are no part of what a session remembers; what a mailer does can't be taken back."""

OUTSIDE = (trio.abc.Stream, ssl.SSLContext)
"""Types whose values are no part of what a session remembers."""


MEMORIES = (MutableMapping, MutableSequence, MutableSet)
"""What a defect could keep a memory in."""


class _UnknownStateError(Exception):
    """A session holds something that can't be put back."""


class _DiffersError(Exception):
    """A defect asked for a clean decision that the clean server did not make."""


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


Plan = tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]], bool]
"""The fields of a data class, how to read them all, and whether they can't be set."""

_known_plans: dict[type, Plan] = {}


def _plan(kind: type) -> Plan:
    known = _known_plans.get(kind)
    if known is None:
        if not dataclasses.is_dataclass(kind):
            raise _UnknownStateError(kind.__name__)
        names = tuple(field.name for field in dataclasses.fields(kind) if field.name not in BESIDE)
        frozen: bool = getattr(kind, "__dataclass_params__").frozen  # noqa: B009 - unknown to the type checker
        known = _known_plans[kind] = (names, _reader(names), frozen)
    return known


def _reader(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def remembers(function: Callable[..., Any]) -> bool:
    """Whether a defect keeps a memory of its own, in its module or in a closure, which nobody can put back.

    A name in capitals is a table, which nobody changes.
    """
    return _remembers(inspect.unwrap(function), set())


def _remembers(function: Callable[..., Any], seen: set[object]) -> bool:
    if not isinstance(function, FunctionType) or function in seen:
        return False
    seen.add(function)
    closed = inspect.getclosurevars(function)
    reached = {**closed.globals, **closed.nonlocals, **dict(_inner_globals(function))}
    return any(
        _remembers(value, seen) or (isinstance(value, MEMORIES) and not name.isupper())
        for name, value in reached.items()
    )


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
    A scenario that ``sees_mail`` has a next hop or a store; to any other it is the same what is decided by those whose
    class says that they act ``BEHIND_THE_REPLY``.
    """

    def __init__(
        self, overrides: Mapping[str, Sequence[tuple[str, Callable[..., Any]]]], *, sees_mail: bool = True
    ) -> None:
        self.overrides = overrides
        self.sees_mail = sees_mail
        self.touched: set[str] = set()
        self.asking = ""
        self.states: dict[int, tuple[object, State]] = {}

    def decide(
        self, clean: Callable[..., Any], instance: Any, names: Sequence[str], args: tuple[Any, ...], kwargs: Any
    ) -> Any:
        """The clean decision; takes note of the defects that would have decided otherwise."""
        if self.asking:
            sends_mail = hasattr(instance, "nursery")  # which can't be taken back
            if sends_mail or any(self.asking == name for point in names for name, _ in self.overrides.get(point, ())):
                raise _DiffersError
            return clean(instance, *args, **kwargs)
        unseen = not self.sees_mail and getattr(type(instance), "BEHIND_THE_REPLY", False)
        shadows = [] if unseen else self._untouched(names)
        if not shadows:
            return clean(instance, *args, **kwargs)
        try:
            before = self._state_of(instance).and_also(*args, *kwargs.values())
        except _UnknownStateError:
            self.touched.update(name for name, _ in shadows)
            return clean(instance, *args, **kwargs)
        try:
            decided = clean(instance, *args, **kwargs)
            changed = not before.is_untouched()
            after = (State(instance, args, kwargs) if changed else before).and_also(decided)
        except _UnknownStateError:
            self.touched.update(name for name, _ in shadows)
            return decided
        if changed:
            before.restore()
        for name, function in self._untouched(names):
            self.asking = name
            try:
                same = _same(function, instance, args, kwargs, before, after, decided, changed=changed)
            finally:
                self.asking = ""
            if not same:
                self.touched.add(name)
        after.restore()
        return decided

    def _state_of(self, instance: Any) -> State:
        known, state = self.states.get(id(instance), (None, None))
        if known is not instance or state is None or not state.is_untouched():
            state = State(instance)
            self.states[id(instance)] = instance, state
        return state

    def _untouched(self, names: Sequence[str]) -> list[tuple[str, Callable[..., Any]]]:
        return [shadow for point in names for shadow in self.overrides.get(point, ()) if shadow[0] not in self.touched]


def _same(
    function: Callable[..., Any],
    instance: Any,
    args: tuple[Any, ...],
    kwargs: Any,
    before: State,
    after: State,
    decided: Any,
    *,
    changed: bool,
) -> bool:
    """Whether the defect decides as the clean server did; its clean decision is the one that was made.

    ``changed`` says whether that decision left anything in the session: before and after are the same if not. What the
    defect leaves is put back.
    """
    asked = False

    def clean(*given: Any, **named: Any) -> Any:
        nonlocal asked
        if asked or given != args or named != kwargs or not (before.is_untouched() or before.stands()):
            raise _DiffersError
        asked = True
        if changed:
            after.restore()
        return decided

    try:
        own = function(clean, instance, *args, **kwargs)
    except Exception:  # noqa: BLE001 - a defect that can't be asked like this is tried in earnest
        before.restore()
        return False
    if isinstance(own, CoroutineType):
        own.close()
        before.restore()
        return False
    same = type(own) is type(decided) and own == decided
    if not changed and after.is_untouched():
        return bool(same)
    same = same and after.stands()
    before.restore()
    return bool(same)
