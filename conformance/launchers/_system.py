"""System calls that Python has no function for."""

from __future__ import annotations

import ctypes
import os


def system_call(name: str, *words: int) -> None:
    """Call the function of the C library.

    Raises:
        OSError: it failed.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
