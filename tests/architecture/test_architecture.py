from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from architecture_rules import (
    OTHER_CLIENTS,
    WAITS_OUTSIDE_TRIO,
    Layers,
    beyond_the_facade,
    circles,
    imported_at_once,
    package_of,
    packages_imported,
    read_layers,
    says_nothing,
    upward_imports,
    uses,
)

import conformance

ROOT = Path(conformance.__file__).parent.parent
LAYERS = read_layers((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))

UNDER_THE_MOCK_CLOCK = sorted(
    LAYERS.packages - {"cli", "pytest_plugin", "launchers", "report"} | {package_of("conformance")}
)

EXCEPTIONS = {
    # A name is looked up once, before the run: the mock clock is for memory streams, which have no names.
    "conformance.client._dial": {"socket.getaddrinfo"},
    # A store that only a tool can read is a process by nature; it is waited for without a thread.
    "conformance.store._command": {"subprocess"},
    # The operator's commands end real targets and start them; the loop asks whether they are done.
    "conformance.engine._commands": {"subprocess"},
    # `make kills` spreads whole trio runs over processes; none of them waits for another.
    "conformance.reference.kills": {"multiprocessing"},
}
"""What a module may use all the same, and why."""


@dataclass(frozen=True)
class Source:
    path: Path
    module: str

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def is_package(self) -> bool:
        return self.path.stem == "__init__"

    def __str__(self) -> str:
        return self.module


def sources(folder: str) -> Iterator[Source]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield Source(path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts))


OURS = list(sources("conformance"))
SUITES = list(sources("suites"))

each_of_ours = pytest.mark.parametrize("source", OURS, ids=str)


def test_there_is_something_to_look_at() -> None:
    assert len(OURS) > 50
    assert len(SUITES) > 10


def test_every_package_stands_in_a_layer_and_every_layer_is_there() -> None:
    folders = {path.parent.name for path in (ROOT / "conformance").glob("*/__init__.py")}
    assert {name for names in LAYERS.lines for name in names} == folders


def test_the_layers_are_those_of_the_design() -> None:
    def above(higher: str, lower: str) -> bool:
        depths = LAYERS.depth(higher), LAYERS.depth(lower)
        return None not in depths and depths[0] < depths[1]  # type: ignore[operator]

    order = ["cli", "report", "engine", "scenario", "client", "wire"]
    assert all(above(higher, lower) for higher, lower in itertools.pairwise(order))
    assert LAYERS.depth("cli") == LAYERS.depth("pytest_plugin") == LAYERS.depth("launchers") == 0
    assert LAYERS.depth("client") == LAYERS.depth("target")
    assert LAYERS.only["reference"] == {"launchers", "cli"}


@each_of_ours
def test_imports_go_down_only(source: Source) -> None:
    assert upward_imports(source.text, source.module, LAYERS, is_package=source.is_package) == []


def test_packages_do_not_import_each_other_in_a_circle() -> None:
    imported: dict[str, set[str]] = {}
    for source in OURS:
        others = packages_imported(source.text, source.module, LAYERS, is_package=source.is_package)
        imported.setdefault(package_of(source.module), set()).update(others)
    assert imported["engine"] >= {"scenario", "client"}
    assert circles(imported) == []


@pytest.mark.parametrize("source", SUITES, ids=str)
def test_suites_import_only_the_public_names(source: Source) -> None:
    assert beyond_the_facade(source.text, source.module, conformance.__all__) == []
    assert uses(source.text, source.module, WAITS_OUTSIDE_TRIO | OTHER_CLIENTS) == []


@each_of_ours
def test_only_the_plugin_knows_pytest(source: Source) -> None:
    if package_of(source.module) != "pytest_plugin":
        testers = {"pytest", "_pytest", "allure", "allure_commons", "xdist", "unittest"}
        assert uses(source.text, source.module, testers, is_package=source.is_package) == []


@each_of_ours
def test_nothing_under_the_mock_clock_waits_outside_trio(source: Source) -> None:
    if package_of(source.module) in UNDER_THE_MOCK_CLOCK:
        forbidden = WAITS_OUTSIDE_TRIO - EXCEPTIONS.get(source.module, set())
        assert uses(source.text, source.module, forbidden, is_package=source.is_package) == []


def test_every_exception_is_still_needed() -> None:
    known = {source.module: source for source in OURS}
    for module, names in EXCEPTIONS.items():
        for name in names:
            assert uses(known[module].text, module, {name}), f"{module} no longer uses {name}"


def test_the_mock_clock_runs_what_the_kill_matrix_runs() -> None:
    assert {"client", "engine", "reference", "scenario", "wire"} <= set(UNDER_THE_MOCK_CLOCK)


@each_of_ours
def test_no_other_mail_client_or_event_loop_but_in_a_launcher(source: Source) -> None:
    if package_of(source.module) != "launchers":
        assert uses(source.text, source.module, OTHER_CLIENTS, is_package=source.is_package) == []


def test_the_entry_point_imports_nothing_of_ours_before_it_is_used() -> None:
    path = ROOT / "pytest_smtp_conformance.py"
    assert imported_at_once(path.read_text(encoding="utf-8"), path.stem) == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    modules = [*OURS, *SUITES, *sources("tests")]
    assert [str(source) for source in modules if says_nothing(source.path.relative_to(ROOT))] == []


# Each rule on samples that break it, and on what is like them and keeps it.

SAMPLE = Layers(
    (("cli", "launchers"), ("report",), ("reference",), ("engine",), ("scenario",), ("client", "target"), ("wire",)),
    {"reference": frozenset({"cli", "launchers"})},
)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("conformance.engine._run", "from conformance.report import exit_status"),
        ("conformance.engine._run", "import conformance.cli"),
        ("conformance.engine._run", "from conformance import report"),
        ("conformance.engine._run", "def f():\n    from conformance.report import exit_status"),
        ("conformance.engine._run", "async def f():\n    import conformance.report._words as words"),
        ("conformance.engine._run", "from ..report import exit_status"),
        ("conformance.engine._run", "if TYPE_CHECKING:\n    from conformance.cli import main"),
        ("conformance.engine._run", "import_module('conformance.report')"),
        ("conformance.engine._run", "importlib.import_module('conformance.report')"),
        ("conformance.engine._run", "from conformance.reference import ReferenceServer"),
        ("conformance.client._client", "from conformance import Reply"),
        ("conformance.client._client", "import conformance"),
        ("conformance.scenario._oracles", "from conformance import CRLF"),
        ("conformance.wire.octets", "from conformance.client import Reply"),
        ("conformance.report._html", "from conformance.reference import server_tls"),
        ("conformance", "from conformance.engine import Engine"),
        ("conformance.odds", "x = 1"),
    ],
)
def test_an_import_that_goes_up_is_found(module: str, source: str) -> None:
    assert len(upward_imports(source, module, SAMPLE)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("conformance.engine._run", "from conformance.client import Dial\nfrom conformance.engine._limit import X"),
        ("conformance.engine._run", "from ._limit import ConnectionLimit"),
        ("conformance.client._client", "from conformance.target import Target"),
        ("conformance.cli._run", "import conformance\nfrom conformance.reference import declared"),
        ("conformance.__main__", "from conformance.cli import main"),
        ("conformance.reference._kills", "from conformance.engine import attempt"),
        ("conformance", "from conformance.scenario import scenario\nfrom conformance.wire import CRLF"),
        ("conformance.wire.octets", "import conformance_of_somebody_else, os"),
    ],
)
def test_an_import_that_goes_down_is_none(module: str, source: str) -> None:
    assert upward_imports(source, module, SAMPLE) == []


def test_a_relative_import_of_a_package_is_resolved() -> None:
    assert upward_imports("from ..report import x", "conformance.engine", SAMPLE, is_package=True)
    assert not upward_imports("from . import _run", "conformance.engine", SAMPLE, is_package=True)


def test_a_circle_is_found() -> None:
    assert circles({"client": {"target"}, "target": {"wire"}, "wire": set()}) == []
    assert circles({"client": {"target"}, "target": {"hop"}, "hop": {"client"}}) == [
        "client -> target -> hop -> client"
    ]
    assert packages_imported("import conformance.wire, trio", "conformance.client", SAMPLE) == {"wire"}


@pytest.mark.parametrize(
    "source",
    [
        "from conformance.client import Client",
        "import conformance.client",
        "from conformance import client",
        "from conformance import *",
        "from conformance import At, no_such_name",
        "import trio",
        "import pytest",
        "def f():\n    from conformance.engine import attempt",
        "from . import s4_1_1_4_data",
    ],
)
def test_a_suite_that_imports_more_is_found(source: str) -> None:
    assert len(beyond_the_facade(source, "suites.rfc5321.s4_1_1_4_data", conformance.__all__)) == 1


def test_a_suite_may_import_public_names_and_the_standard_library() -> None:
    source = "from __future__ import annotations\nimport re\nfrom conformance import At, scenario"
    assert beyond_the_facade(source, "suites.rfc5321.s4", conformance.__all__) == []


@pytest.mark.parametrize(
    "source",
    [
        "import trio\nasync def f():\n    await trio.to_thread.run_sync(g)",
        "import trio\ntrio.Path('x')",
        "import trio as t\nasync def f():\n    await t.open_file('x')",
        "from trio import run_process",
        "from trio import to_thread as elsewhere",
        "import trio.to_thread",
        "from trio import socket\nasync def f():\n    await socket.getaddrinfo('x', 25)",
        "import socket\nsocket.getaddrinfo('x', 25)",
        "from socket import getaddrinfo",
        "def f():\n    import threading",
        "import time\ntime.sleep(1)",
        "import concurrent.futures",
        "import subprocess",
        "import trio\nasync def f():\n    return await trio.open_tcp_stream('x', 25)",
    ],
)
def test_what_waits_outside_trio_is_found(source: str) -> None:
    assert uses(source, "conformance.engine._run", WAITS_OUTSIDE_TRIO)


def test_what_waits_in_trio_is_no_offence() -> None:
    source = (
        "import trio, socket, time\nfrom pathlib import Path\n"
        "async def f(path):\n    await trio.sleep(1)\n    trio.socket.socket(socket.AF_INET)\n"
        "    time.monotonic()\n    Path('x').open_file\n    path.to_thread\n"
    )
    assert uses(source, "conformance.engine._run", WAITS_OUTSIDE_TRIO) == []


@pytest.mark.parametrize("source", ["import smtplib", "from aiosmtplib import SMTP", "import asyncio.subprocess"])
def test_another_mail_client_or_event_loop_is_found(source: str) -> None:
    assert uses(source, "conformance.cli._run", OTHER_CLIENTS)


@pytest.mark.parametrize("source", ["import pytest", "def f():\n    import pytest", "from _pytest.nodes import Item"])
def test_a_use_of_pytest_is_found(source: str) -> None:
    assert uses(source, "conformance.engine._run", {"pytest", "_pytest"})


def test_what_an_entry_point_imports_at_once_is_found() -> None:
    assert imported_at_once("from conformance.scenario import load", "plugin")
    assert imported_at_once("if True:\n    import conformance", "plugin")
    assert imported_at_once("class A:\n    import conformance", "plugin")
    assert not imported_at_once("def f():\n    from conformance.scenario import load\nimport pytest", "plugin")


@pytest.mark.parametrize("name", ["utils.py", "_utils.py", "utils/octets.py", "helpers.py"])
def test_a_name_that_says_nothing_is_found(name: str) -> None:
    assert says_nothing(Path("conformance") / name)


def test_a_name_that_says_something_is_none() -> None:
    assert not says_nothing(Path("conformance/wire/octets.py"))


HEAD = "# Architecture\n\n## Layers\n\nImports go down only.\n\n```\n"


def test_layers_are_read() -> None:
    block = (
        " cli · launchers\n"
        "        both start runs\n"
        " engine       runs; knows no report\n"
        " wire   octets; only cli and tests import it\n```\n"
    )
    layers = read_layers(HEAD + block)
    assert layers.lines == (("cli", "launchers"), ("engine",), ("wire",))
    assert layers.only == {"wire": {"cli"}}
    assert layers.depth("scenario") is None


@pytest.mark.parametrize("text", [HEAD + "```\n", "no layers at all", HEAD + " cli, engine\n```\n"])
def test_a_page_without_layers_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no layer"):
        read_layers(text)
