"""The command line: ``smtp-conformance run``, ``list``, ``explain``, ``show`` and ``expect``."""

from conformance.cli._main import main

__all__ = ["main"]
