"""System calls that Python has no function for, and the namespaces that they make."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.launchers._error import LaunchError


def system_call(name: str, *words: int) -> None:
    """Call the function of the C library.

    Raises:
        OSError: it failed.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def own_namespace(kind: str, flag: int, called: str) -> Iterator[None]:
    """This thread, and what it starts, is in a namespace of its own of this kind within the block.

    ``flag`` is what the system call wants, ``called`` the words for an error.

    Raises:
        LaunchError: this system has none, or lets us make none.
    """
    try:
        before = os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        several = called.replace("namespace", "namespaces")
        raise LaunchError(f"this system has no {several}: {error.strerror}") from error
    try:
        try:
            system_call("unshare", flag)
        except OSError as error:
            raise LaunchError(f"this system lets us make no {called}: {error.strerror}") from error
        try:
            yield
        finally:
            system_call("setns", before, flag)
    finally:
        os.close(before)
