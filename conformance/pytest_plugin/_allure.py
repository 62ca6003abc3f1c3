"""Allure: RFC, section and clause as epic, feature and story, the octets attached; nothing where it is not in use."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.engine import Result
from conformance.pytest_plugin._words import octets, stated
from conformance.report._words import section_of
from conformance.scenario import Scenario, Watch


def _allure(config: pytest.Config) -> Any:
    """The module ``allure`` where results are being written for it, else ``None``."""
    if not config.pluginmanager.has_plugin("allure_pytest") or not config.getoption("allure_report_dir", None):
        return None
    import allure  # noqa: PLC0415 - only where it is in use

    return allure


def describe(config: pytest.Config, subject: Scenario | Watch) -> None:
    """Say in the running test's Allure result which clause it is about."""
    allure = _allure(config)
    if allure is None:
        return
    clause = subject.clause
    rfc, section = section_of(clause.id)._replace(number=""), section_of(clause.id)
    allure.dynamic.epic(rfc.title)
    allure.dynamic.feature(section.title)
    allure.dynamic.story(clause.id)
    allure.dynamic.link(clause.link, name=section.title)
    allure.dynamic.tag(clause.level.value)
    allure.dynamic.description(f"{clause.says} ({clause.level.value})\n\n{subject.says}")


def attach(config: pytest.Config, result: Result) -> None:
    """Put the verdict and the octets into the running test's Allure result."""
    allure = _allure(config)
    if allure is None:
        return
    allure.dynamic.tag(result.verdict.value)
    allure.attach(stated(result), name="result", attachment_type=allure.attachment_type.TEXT)
    if result.attempts:
        allure.attach(octets(result), name="transcript", attachment_type=allure.attachment_type.TEXT)
