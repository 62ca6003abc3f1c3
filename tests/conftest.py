from __future__ import annotations

import pytest

from conformance.launchers._cache import OVERRIDE


@pytest.fixture(autouse=True)
def _a_cache_of_our_own(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers of the tests stand in no cache of anybody; only what takes minutes to install is kept there."""
    if request.node.get_closest_marker("real_server") is None:
        monkeypatch.setenv(OVERRIDE, str(tmp_path_factory.getbasetemp() / "cache"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, lest one processor waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("takes_minutes") is None)
