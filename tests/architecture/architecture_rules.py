"""The rules of ARCHITECTURE.md as functions from source text to offences, one line each."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

FACADE = "conformance"
"""The package itself, whose names suites import: it stands where scenario stands."""

WORD_OF_THE_FACADE = "scenario"

WAITS_OUTSIDE_TRIO = frozenset(
    {
        "asyncio",
        "concurrent.futures",
        "multiprocessing",
        "queue",
        "socket.create_connection",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.getfqdn",
        "socket.getnameinfo",
        "subprocess",
        "threading",
        "time.sleep",
        "trio.Path",
        "trio.Process",
        "trio.from_thread",
        "trio.lowlevel.open_process",
        "trio.lowlevel.start_thread_soon",
        "trio.open_file",
        "trio.open_ssl_over_tcp_listeners",
        "trio.open_ssl_over_tcp_stream",
        "trio.open_tcp_listeners",
        "trio.open_tcp_stream",
        "trio.run_process",
        "trio.serve_ssl_over_tcp",
        "trio.serve_tcp",
        "trio.socket.getaddrinfo",
        "trio.socket.getnameinfo",
        "trio.to_thread",
        "trio.wrap_file",
    }
)
"""What runs in a thread or a process, looks up a name in a thread, or blocks: the mock clock would jump over it."""

OTHER_CLIENTS = frozenset({"aiosmtplib", "asyncio", "smtplib"})
"""Stacks beside our own: they hide octets or bring another event loop."""

SAYS_NOTHING = frozenset({"common", "helper", "helpers", "misc", "util", "utilities", "utils"})


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports; ``name`` is empty for ``import module``."""

    module: str
    name: str
    bound: str
    line: int
    at_import: bool

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]


def imports_of(source: str, module: str, *, is_package: bool = False) -> list[Import]:
    """Every import, those inside functions and under ``TYPE_CHECKING`` included, in the order of the lines."""
    tree = ast.parse(source)
    deferred = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(node)
        if inner is not node
    }
    found = [
        each for node in ast.walk(tree) for each in _imports(node, module, is_package, at_import=node not in deferred)
    ]
    return sorted(found, key=lambda each: each.line)


def _imports(node: ast.AST, module: str, is_package: bool, *, at_import: bool) -> Iterator[Import]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                bound = alias.asname or alias.name.partition(".")[0]
                yield Import(alias.name, "", bound, node.lineno, at_import)
        case ast.ImportFrom(names=names):
            origin = _origin(node, module, is_package)
            for alias in names:
                yield Import(origin, alias.name, alias.asname or alias.name, node.lineno, at_import)
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
            args=[ast.Constant(value=str(named)), *_],
        ):
            yield Import(named, "", "", node.lineno, at_import)


def _origin(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    around = module.split(".")
    around = around[: len(around) - node.level + is_package]
    return ".".join([*around, *([node.module] if node.module else [])])


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers from the highest to the lowest, and who alone may import a package."""

    lines: tuple[tuple[str, ...], ...]
    only: Mapping[str, frozenset[str]]

    def depth(self, package: str) -> int | None:
        name = WORD_OF_THE_FACADE if package == FACADE else package
        return next((depth for depth, names in enumerate(self.lines) if name in names), None)

    @property
    def packages(self) -> set[str]:
        return {name for names in self.lines for name in names}


def read_layers(text: str) -> Layers:
    """The block under the heading Layers: names, then what they are for, then who alone imports them."""
    _, _, rest = text.partition("\n## Layers\n")
    block = rest.partition("\n```\n")[2].partition("\n```")[0]
    lines: list[tuple[str, ...]] = []
    only: dict[str, frozenset[str]] = {}
    for line in block.splitlines():
        if line.startswith("      "):
            continue  # more about the layer above
        match = re.fullmatch(r" ([a-z_]+(?: · [a-z_]+)*)(?: {2,}(.*))?", line)
        if match is None:
            raise ValueError(f"no layer: {line!r}")
        names = tuple(match[1].split(" · "))
        lines.append(names)
        restricted = re.search(r"only ([a-z_, ]+) and tests import it", match[2] or "")
        if restricted is not None:
            only |= dict.fromkeys(names, frozenset(re.split(r", | and ", restricted[1])))
    if not lines:
        raise ValueError("no layers")
    return Layers(tuple(lines), only)


def package_of(module: str) -> str:
    """The package of ours in which a module stands; the package itself is its own, ``__main__`` the command line's."""
    parts = module.split(".")
    if len(parts) == 1:
        return FACADE
    return "cli" if parts[1] == "__main__" else parts[1]


def _ours(each: Import, packages: Collection[str]) -> str | None:
    """The package of ours that an import reaches into."""
    parts = each.dotted.split(".")
    if parts[0] != FACADE:
        return None
    return parts[1] if len(parts) > 1 and parts[1] in packages else FACADE


def upward_imports(source: str, module: str, layers: Layers, *, is_package: bool = False) -> list[str]:
    """Imports that go up, of packages that stand in no layer, and of packages that are others' alone."""
    own = package_of(module)
    depth = layers.depth(own)
    if depth is None:
        return [f"{module}: {own} stands in no layer"]
    offences = []
    for each in imports_of(source, module, is_package=is_package):
        other = _ours(each, layers.packages)
        if other is None or other == own:
            continue
        below = layers.depth(other)
        assert below is not None
        same_line = below == depth and FACADE not in {own, other}
        facade_of_its_layer = own == FACADE and other == WORD_OF_THE_FACADE
        if below < depth or (below == depth and not same_line and not facade_of_its_layer):
            offences.append(f"{module}:{each.line}: {own} imports {each.dotted}, which is not below it")
        elif own not in layers.only.get(other, {own}):
            offences.append(f"{module}:{each.line}: {other} is not for {own}")
    return offences


def circles(imported: Mapping[str, Collection[str]]) -> list[str]:
    """Packages that import each other, directly or through others."""
    found: list[str] = []
    finished: set[str] = set()

    def visit(package: str, way: Sequence[str]) -> None:
        if package in way:
            found.append(" -> ".join([*way[way.index(package) :], package]))
        elif package not in finished:
            for other in sorted(imported.get(package, ())):
                visit(other, [*way, package])
            finished.add(package)

    for package in sorted(imported):
        visit(package, [])
    return found


def packages_imported(source: str, module: str, layers: Layers, *, is_package: bool = False) -> set[str]:
    """The packages of ours that a module imports, its own apart."""
    found = {_ours(each, layers.packages) for each in imports_of(source, module, is_package=is_package)}
    return {other for other in found if other is not None} - {package_of(module)}


def uses(source: str, module: str, forbidden: Collection[str], *, is_package: bool = False) -> list[str]:
    """Where a module imports or names one of these dotted names, or something inside one."""
    found = imports_of(source, module, is_package=is_package)
    offences = {(each.line, each.dotted) for each in found if _within(each.dotted, forbidden)}
    bound = {
        each.bound: each.dotted if each.name or each.bound != each.root else each.root for each in found if each.bound
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            dotted = _dotted(node, bound)
            if dotted is not None and _within(dotted, forbidden):
                offences.add((node.lineno, dotted))
    return [f"{module}:{line}: {dotted}" for line, dotted in sorted(offences)]


def _within(dotted: str, names: Collection[str]) -> bool:
    return any(dotted == name or dotted.startswith(f"{name}.") for name in names)


def _dotted(node: ast.expr, bound: Mapping[str, str]) -> str | None:
    match node:
        case ast.Name(id=name):
            return bound.get(name)
        case ast.Attribute(value=value, attr=attr):
            before = _dotted(value, bound)
            return f"{before}.{attr}" if before else None
        case _:
            return None


def beyond_the_facade(source: str, module: str, public: Collection[str]) -> list[str]:
    """What a suite imports besides the public names of ``conformance`` and the standard library."""
    offences = []
    for each in imports_of(source, module):
        if each.root != FACADE:
            allowed = each.root in sys.stdlib_module_names
        else:
            allowed = each.module == FACADE and each.name in public
        if not allowed:
            offences.append(f"{module}:{each.line}: {each.dotted}")
    return offences


def imported_at_once(source: str, module: str) -> list[str]:
    """What of ours is imported as soon as the module is: installing us must cost a stranger's test run nothing."""
    return [
        f"{module}:{each.line}: {each.dotted}"
        for each in imports_of(source, module)
        if each.root == FACADE and each.at_import
    ]


def says_nothing(path: PurePath) -> bool:
    """Whether a module or a folder on the way has a name that tells nobody what is in it."""
    return any(part.strip("_") in SAYS_NOTHING for part in path.with_suffix("").parts)
