"""The planted defects, one module for each suite file; each is named for what the broken server does."""

from __future__ import annotations

import importlib
import pkgutil

from conformance.reference._decision import Defect, declared


def load_defects() -> dict[str, Defect]:
    """Import every module of this package and return the defects by name."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        importlib.import_module(f"{__name__}.{module.name}")
    return declared()
