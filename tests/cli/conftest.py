from __future__ import annotations

from collections.abc import Iterator

import pytest
from cli_commands import Command, Served, reference_server


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture(scope="session")
def clean() -> Iterator[Served]:
    with reference_server() as served:
        yield served
