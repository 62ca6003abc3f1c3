"""results.jsonl: the record of a run that all other reports can be made from."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

from conformance.engine import End, Event, Result, Run
from conformance.report._files import ReportError, make_folder, unwritable

SCHEMA = 1
"""The form of results.jsonl that this version writes and reads."""


class _Head(msgspec.Struct):
    type: str = ""
    schema: int | None = None


_first = msgspec.json.Decoder(_Head)
_any = msgspec.json.Decoder(Run | Result | End)


class JsonlWriter:
    """Writes one JSON object a line and flushes each, so that a run that dies leaves all that it knew.

    The folder is made where it is missing; a file of that name is overwritten, unless another run is writing it: two
    in one file would leave none that can be read.

    Raises:
        ReportError: the file can't be written, here or by any method; or another run is writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encoder = msgspec.json.Encoder()
        make_folder(path)
        try:
            self._file: BinaryIO = path.open("ab")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_file():  # a device has no length
                self._file.truncate(0)
        except BlockingIOError as error:
            self._file.close()
            raise ReportError(f"{path}: another run is writing it") from error
        except OSError as error:
            raise unwritable(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, event: Event) -> None:
        """Append one line."""
        try:
            self._file.write(self._encoder.encode(event) + b"\n")
            self._file.flush()
        except OSError as error:
            raise unwritable(self.path, error) from error

    def close(self) -> None:
        """Close the file; twice does no harm."""
        try:
            self._file.close()
        except OSError as error:
            raise unwritable(self.path, error) from error


def read(path: Path, *, broken_off: bool = False) -> Iterator[Event]:
    """The events of a results file, one at a time.

    ``broken_off`` allows that the last line is missing or half written.

    Raises:
        ReportError: there is no such file, a line is not what it should be, or the file ends too early.
    """
    try:
        with path.open("rb") as file:
            yield from _events(file, path, broken_off=broken_off)
    except OSError as error:
        raise ReportError(f"{path}: can't be read: {error.strerror or error}") from error


def _events(file: BinaryIO, path: Path, *, broken_off: bool) -> Iterator[Event]:
    last: Event | None = None
    for number, line in enumerate(file, 1):
        if broken_off and not line.endswith(b"\n"):
            return
        if isinstance(last, End):
            raise ReportError(f"{path}:{number}: something follows the end of the run")
        where = f"{path}:{number}"
        if last is None:
            _check_head(line, where)
        event: Event = _decoded(line, where, _any)
        if last is not None and isinstance(event, Run):
            raise ReportError(f"{where}: a second run begins; one file holds one run")
        yield event
        last = event
    if last is None and not broken_off:
        raise ReportError(f"{path}: empty")
    if not isinstance(last, End) and not broken_off:
        raise ReportError(f"{path}: its last line is missing: the run broke off")


def _check_head(line: bytes, where: str) -> None:
    head: _Head = _decoded(line, where, _first)
    if head.type != "run":
        raise ReportError(f"{where}: not the beginning of a results file")
    if head.schema != SCHEMA:
        raise ReportError(f"{where}: schema {head.schema}, and this version reads schema {SCHEMA}")


def _decoded(line: bytes, where: str, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        raise ReportError(f"{where}: not a line of a results file: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReportError(f"{where}: no JSON: {error}") from error


def results_schema() -> dict[str, Any]:
    """The JSON Schema of one line of results.jsonl."""
    made = msgspec.json.schema(Run | Result | End)
    made["$defs"]["Run"]["properties"]["schema"] = {"type": "integer", "const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of the results.jsonl of smtp-conformance",
        **made,
    }
