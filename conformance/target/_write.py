"""A target as the text of a target file."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from conformance.target._target import Target


def target_text(target: Target) -> str:
    """The target file that states these facts; those at their default are left out."""
    lines: list[str] = []
    tables: list[str] = []
    for name, value in _stated(target).items():
        if isinstance(value, dict):
            tables += ["", f"[{name}]", *(f"{key} = {_toml(inner)}" for key, inner in value.items())]
        else:
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _stated(record: msgspec.Struct) -> dict[str, Any]:
    stated: dict[str, Any] = {}
    for field in msgspec.structs.fields(record):
        value = getattr(record, field.name)
        if value == field.default and field.default is not msgspec.NODEFAULT:
            continue
        stated[field.encode_name] = _stated(value) if isinstance(value, msgspec.Struct) else value
    return stated


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)  # for words, numbers, yes and no the two notations are one
