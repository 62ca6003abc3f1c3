from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import plugin_project as project
import pytest

collect_ignore = ["example"]

Run = Callable[..., pytest.RunResult]


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with project.server() as address:
        yield address


@pytest.fixture(scope="session")
def python_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return project.lay_entry_point(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def run(pytester: pytest.Pytester, python_path: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest as another process in a project with a small suite; every warning is an error there."""
    monkeypatch.setenv("PYTHONPATH", python_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:allure_pytest -p no:hypothesispytest")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path, timeout: float = 60) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-W", "error", *arguments, timeout=timeout)

    return run
