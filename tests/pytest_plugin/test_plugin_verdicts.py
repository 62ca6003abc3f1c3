from __future__ import annotations

import plugin_project as project
import pytest

pytest_plugins = ["pytester"]

def test_x(pytester, run, url):
    project.lay_suite(pytester.path, watches=True)
    run("suites", f"--smtp-target={url}", "-v", "-rA", "--junitxml=out.xml")
    print((pytester.path/"out.xml").read_text())
    assert 0
