from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import plugin_project as project
import pytest

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["overlapped", "xdist"])
def test_allure_gets_clauses_transcripts_and_failed_apart_from_broken(
    pytester: pytest.Pytester, run: Run, url: str, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    pytest.importorskip("allure_pytest")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    project.lay_suite(pytester.path)
    run("suites", f"--smtp-target={url}", "--alluredir=out", *workers)
    out = pytester.path / "out"
    results: dict[str, Any] = {}
    for path in out.glob("*-result.json"):
        result = json.loads(path.read_text())
        results[result["name"]] = result
    assert {name: result["status"] for name, result in results.items()} == {
        name: {"fail": "failed", "error": "broken", "inconclusive": "skipped", "not-applicable": "skipped"}.get(
            verdict, "passed"
        )
        for name, verdict in project.VERDICTS_IN_PYTEST.items()
    }
    failed = results["fails"]
    labels = {(label["name"], label["value"]) for label in failed["labels"]}
    assert labels >= {
        ("epic", "RFC 5321"),
        ("feature", "RFC 5321 §4.1.1.9"),
        ("story", "rfc5321/4.1.1.9/noop-250"),
        ("tag", "fail"),
    }
    assert [link["url"] for link in failed["links"]] == ["https://www.rfc-editor.org/rfc/rfc5321.html#section-4.1.1.9"]
    assert "expected 299, got 250 2.0.0 OK" in failed["statusDetails"]["message"]
    attached = {given["name"]: (out / given["source"]).read_text() for given in failed["attachments"]}
    assert "-> NOOP\\r\\n" in attached["transcript"]
    assert "confirm: fail" in attached["transcript"]
    assert ("tag", "deviates") in {(label["name"], label["value"]) for label in results["deviates"]["labels"]}
