"""Finds the suites by path and imports each file once."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from conformance.scenario._clauses import Clause, Register, SuiteError
from conformance.scenario._scenario import (
    Family,
    Loading,
    Scenario,
    begin_loading,
    end_loading,
    private_module_name,
    section_of,
)
from conformance.scenario._watches import Watch


@dataclass(slots=True)
class Suites:
    """Everything found: the register, the scenarios in the order of files and rows, and the watches."""

    folder: Path
    register: Register = field(default_factory=Register)
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)
    files: dict[Path, list[Family]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios.values())


def suites_folder() -> Path:
    """Where the suites are: in the installed package, or beside it in a checkout.

    Raises:
        SuiteError: neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "suites", package.parent / "suites"):
        if any(folder.glob("*/clauses.toml")):
            return folder
    raise SuiteError(f"no suites beside {package}: reinstall smtp-conformance, or run it from a whole checkout")


_loaded: dict[Path, Suites] = {}


def load(folder: Path | None = None) -> Suites:
    """Load all suites below ``folder`` (default: our own), once per process.

    Raises:
        SuiteError: a register or a file is unusable; the text names it.
    """
    where = (folder or suites_folder()).resolve()
    if where not in _loaded:
        _loaded[where] = _load(where)
    return _loaded[where]


def _load(folder: Path) -> Suites:
    suites = Suites(folder)
    registers = sorted(folder.glob("*/clauses.toml"))
    if not registers:
        raise SuiteError(f"{folder}: no suite here; a suite is a folder rfcNNNN with a clauses.toml")
    for register in registers:
        suites.register.add(register)
    for register in registers:
        for path in sorted(register.parent.glob("*.py"), key=_reading_order):
            section = section_of(path.stem)
            if section is not None:
                _load_file(suites, path, section)
    return suites


def _reading_order(path: Path) -> tuple[list[tuple[str, int]], str]:
    """By sections, appendices last."""
    section = section_of(path.stem) or ""
    return [("", int(part)) if part.isdigit() else (part, 0) for part in section.split(".")], path.stem


def _load_file(suites: Suites, path: Path, section: str) -> None:
    rfc = path.parent.name
    begin_loading(Loading(rfc, section, suites.register))
    try:
        module = _import(path, rfc)
    finally:
        end_loading()
    families = suites.files.setdefault(path, [])
    for value in vars(module).values():
        if isinstance(value, Family):
            families.append(value)
            for member in value.members:
                _enter(suites.scenarios, member.id, member, path)
        elif isinstance(value, Watch):
            _enter(suites.watches, value.id, value, path)


T = TypeVar("T")


def _enter(known: dict[str, T], name: str, member: T, path: Path) -> None:
    if name in known:
        raise SuiteError(f"{path}: {name!r} stands there twice")
    known[name] = member


def _import(path: Path, rfc: str) -> ModuleType:
    name = private_module_name(rfc, path.stem)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SuiteError(f"{path}: can't be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SuiteError as error:
        sys.modules.pop(name, None)
        raise SuiteError(f"{path}: {error}") from error
    except SyntaxError as error:
        sys.modules.pop(name, None)
        raise SuiteError(f"{path}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        sys.modules.pop(name, None)
        first_line = str(error).partition("\n")[0]
        raise SuiteError(f"{path}: {type(error).__name__}: {first_line}") from error
    return module


def scenarios_of(clause: Clause, scenarios: Iterable[Scenario]) -> list[Scenario]:
    """The scenarios about this clause."""
    return [scenario for scenario in scenarios if scenario.clause.id == clause.id]
