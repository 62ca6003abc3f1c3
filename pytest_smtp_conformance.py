"""The pytest plugin's entry point: options, a marker and two fixtures.

Nothing else of smtp-conformance is imported before a test run meets a suite, so an installed copy costs and changes
nothing where nobody uses it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

NO_TARGET = (
    "no server to test: give --smtp-target=smtp://host:port (or a target file), "
    "or override the fixture smtp_target in your conftest.py"
)

_SUITE_FILE = re.compile(r"s(?:\d+|[A-Z])(?:_\d+)*(?:_|$)")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("smtp-conformance", "SMTP conformance")
    group.addoption(
        "--smtp-target",
        metavar="TARGET",
        help="the server to test: smtp://host:port, smtps://, lmtp://, lmtp+unix:path, or a target file (.toml); "
        "the fixture smtp_target, where a conftest.py has one, goes before it",
    )
    group.addoption(
        "--smtp-expect",
        metavar="FILE",
        type=Path,
        help="a file of known findings (TOML): they are xfail, all other findings fail",
    )
    group.addoption(
        "--smtp-strict",
        action="store_true",
        help="a SHOULD that the server does not keep fails, and so does a known finding that was not confirmed",
    )
    group.addoption("--smtp-slow", action="store_true", help="also run the scenarios that wait for minutes")
    group.addoption(
        "--smtp-overlap", metavar="N", type=int, default=64, help="most connections at a time (default: %(default)s)"
    )
    group.addoption(
        "--smtp-timeout",
        metavar="SECONDS",
        type=float,
        default=30.0,
        help="how long a reply is waited for (default: %(default)s)",
    )
    group.addoption(
        "--smtp-authorized",
        action="store_true",
        help="I may test this server: required for any address that is not loopback or private",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and check the options that were given."""
    config.addinivalue_line(
        "markers", "smtp_clause(id, level): the RFC clause that a conformance scenario is about (set by the plugin)"
    )
    if config.getoption("smtp_target") or config.getoption("smtp_expect"):
        from conformance.pytest_plugin import check_options  # noqa: PLC0415 - only where it is used

        check_options(config)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collect the files of a suite: a section in their name, and a ``clauses.toml`` beside them.

    pytest would take such a file for a test module when it is named on the command line, and import it.
    """
    collectors = yield
    if file_path.suffix != ".py" or not _SUITE_FILE.match(file_path.stem):
        return collectors
    if not (file_path.parent / "clauses.toml").is_file():
        return collectors
    from conformance.pytest_plugin import collect_file  # noqa: PLC0415 - only where it is used

    return [collect_file(file_path, parent)]


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: Any) -> pytest.Collector | None:
    """Collect ``suite = conformance.suite("rfc5321", …)`` in a test file."""
    scenario = sys.modules.get("conformance.scenario")
    if scenario is None or type(obj) is not scenario.Suite:
        return None
    from conformance.pytest_plugin import collect_suite  # noqa: PLC0415 - only where it is used

    return collect_suite(obj, collector, name)


@pytest.fixture(scope="session")
def smtp_target(request: pytest.FixtureRequest) -> Any:
    """The server to test: override it to start your own.

    Return or yield an URL, a dict of target facts, the path of a target file, or a ``conformance.Target``.
    """
    given = request.config.getoption("smtp_target")
    if not given:
        pytest.fail(NO_TARGET, pytrace=False)
    return given


@pytest.fixture(scope="session")
def smtp_conformance(request: pytest.FixtureRequest, smtp_target: Any) -> Iterator[Any]:
    """One run of the engine over the session's scenarios; their results come from here."""
    from conformance.pytest_plugin import running  # noqa: PLC0415 - only where it is used

    with running(request, smtp_target) as results:
        yield results


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, Any] | None:
    """Give each verdict its letter; reports also come from xdist's workers, so nothing was collected here."""
    verdict = getattr(report, "smtp_verdict", None)
    if verdict is None or report.when not in {"call", "setup"} or hasattr(report, "wasxfail"):
        return None
    from conformance.pytest_plugin import status  # noqa: PLC0415 - only where it is used

    return status(verdict, report.outcome)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what an xdist worker has to tell at its end."""
    told = getattr(node, "workeroutput", {}).get("smtp_conformance")
    if told is not None:
        from conformance.pytest_plugin import take_told  # noqa: PLC0415 - only where it is used

        take_told(node.config, told)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Divide a session that has a server to test into shares; all others are xdist's."""
    if not config.getoption("smtp_target"):
        return None
    from conformance.pytest_plugin._sharing import Shares, divides  # noqa: PLC0415 - only where xdist is

    return Shares(config, log) if divides(config) else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker how many shares there are."""
    if node.config.getoption("smtp_target"):
        from conformance.pytest_plugin._sharing import SHARES, divides  # noqa: PLC0415 - only where xdist is

        if divides(node.config):
            node.workerinput[SHARES] = node.workerinput["workercount"]
