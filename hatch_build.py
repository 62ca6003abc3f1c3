"""Puts the suites into a standard wheel, and leaves them out of an editable one."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SuitesHook(BuildHookInterface):  # type: ignore[type-arg]
    """An installed copy carries ``conformance/suites``; an editable install reads the checkout's ``suites``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the suites to the files of a standard build."""
        if version == "standard":
            build_data["force_include"]["suites"] = "conformance/suites"
