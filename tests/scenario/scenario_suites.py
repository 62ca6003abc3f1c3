"""Suites written into a folder, for the tests of loading and selecting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.scenario import SuiteError, Suites, load

HEAD = 'text_sha256 = "00"\n'

IMPORTS = """
from conformance import At, Client, Held, Observation, Segmentation, row, scenario, watch
"""


def clause(name: str = "1.2/first", **changes: object) -> str:
    """One entry of a register, in TOML."""
    facts: dict[str, object] = {
        "id": name,
        "lines": [10, 12],
        "level": "MUST",
        "source": "keyword",
        "party": "server",
        "observed": "wire",
        "says": "The server does it.",
        **changes,
    }
    # What TOML and Python write alike: strings, lists of either and numbers.
    return "[[clause]]\n" + "".join(f"{key} = {value!r}\n" for key, value in facts.items() if value is not None)


def declared(
    name: str = "shows", arguments: str = "start=At.EHLO", parameters: str = "smtp", text: str = "Shows."
) -> str:
    """One scenario of a suite file, about the first clause."""
    return f"""
@scenario("rfc9999/1.2/first", {arguments})
async def {name}({parameters}) -> Observation:
    \"\"\"{text}\"\"\"
    return Held()
"""


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder with these files in it; a suite file gets its imports."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((IMPORTS if path.suffix == ".py" else "") + text, encoding="utf-8")
    return folder


def loaded(folder: Path, *parts: str, register: str = "") -> Suites:
    """One suite of one file with these declarations."""
    files = {"rfc9999/clauses.toml": register or HEAD + clause(), "rfc9999/s1_2_first.py": "".join(parts)}
    return load(written(folder, files))


def problem(folder: Path) -> str:
    """What is said of an unusable suite: one line."""
    with pytest.raises(SuiteError) as caught:
        load(folder)
    says = str(caught.value)
    assert "\n" not in says
    return says
