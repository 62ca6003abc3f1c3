"""Files of a report: written whole or not at all, and every failure is one clear line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class ReportError(Exception):
    """A report can't be read or written; the text is one line that names the file and says what is wrong."""


def unwritable(path: Path, error: OSError) -> ReportError:
    """The error for a file that the system refused to write."""
    return ReportError(f"{path}: can't be written: {error.strerror or error}")


def make_folder(path: Path) -> None:
    """Make the folder that ``path`` is to stand in, where it is missing.

    Raises:
        ReportError: it can't be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise ReportError(f"{path}: can't be written: {error.filename} is no folder") from error
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    The folder is made where it is missing.

    Raises:
        ReportError: the disk or its permissions don't allow it.
    """
    make_folder(path)
    sibling = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with sibling.open("wb") as file:
                yield file
            sibling.replace(path)
        finally:
            sibling.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
