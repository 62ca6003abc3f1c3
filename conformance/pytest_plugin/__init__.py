"""pytest collects and reports, the engine runs: scenarios as items of pytest's own protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.pytest_plugin._items import ConformanceItem, SuiteFile, SuiteVariable
from conformance.pytest_plugin._judge import status
from conformance.pytest_plugin._session import activate, check_options, running, take_told
from conformance.scenario import Suite

__all__ = [
    "ConformanceItem",
    "SuiteFile",
    "SuiteVariable",
    "check_options",
    "collect_file",
    "collect_suite",
    "running",
    "status",
    "take_told",
]


def collect_file(path: Path, parent: pytest.Collector) -> SuiteFile:
    """A collector for a file of a suite."""
    activate(parent.config)
    collector: SuiteFile = SuiteFile.from_parent(parent, path=path)
    return collector


def collect_suite(suite: Suite, parent: pytest.Collector, name: str) -> SuiteVariable:
    """A collector for a variable ``suite = conformance.suite(…)``."""
    activate(parent.config)
    collector: SuiteVariable = SuiteVariable.from_parent(parent, name=name, suite=suite)
    return collector
