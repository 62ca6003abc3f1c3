"""Writes results.schema.json anew: ``python -m conformance.report.schema``."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.report._files import replacing
from conformance.report._jsonl import results_schema

PATH = Path(__file__).with_name("results.schema.json")


def generated() -> str:
    """The text of the file."""
    return json.dumps(results_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    with replacing(PATH) as file:
        file.write(generated().encode())
