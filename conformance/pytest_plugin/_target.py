"""What the fixture ``smtp_target`` or ``--smtp-target`` gives, made a target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.target import Target, TargetError, make_target, read_target

ACCEPTED = "smtp_target must be an URL, a dict of facts, the path of a target file (.toml) or a Target"


def as_target(given: object, folder: Path) -> Target:
    """The target that was given; a relative path counts from ``folder``.

    Raises:
        TargetError: it is none of the accepted kinds, or its facts are unusable.
    """
    match given:
        case Target():
            return given
        case Mapping():
            return make_target(_as_in_a_file(given), "smtp_target")
        case Path():
            return read_target(folder / given)
        case str() if given.endswith(".toml"):
            return read_target(folder / given)
        case str():
            return make_target({"address": given}, "smtp_target")
        case _:
            raise TargetError(f"{ACCEPTED}, not {given!r}")


def _as_in_a_file(facts: Mapping[Any, Any]) -> dict[str, Any]:
    """Keys with hyphens, so that ``dict(ehlo_name=…)`` can be written."""
    return {str(name).replace("_", "-"): value for name, value in facts.items()}
