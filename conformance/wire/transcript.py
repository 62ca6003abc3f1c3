"""The transcript of a connection: evidence, timed, bounded, without secrets, safe to print."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from conformance.wire.octets import visible

Sender = Literal["us", "them", "note"]
ConnectionRole = Literal["client", "second", "hop", "dns", "store"]

ENTRY_LIMIT = 4096
TRANSCRIPT_LIMIT = 64 * 1024
SECRET = b"<secret>"


@dataclass(slots=True)
class Entry:
    """Octets of one direction; ``t`` in seconds since the transcript began.

    A long entry keeps its head and tail; ``full_length`` and ``sha256`` are of the whole.
    """

    t: float
    sender: Sender
    octets: bytes
    tls: bool = False
    full_length: int | None = None
    sha256: str | None = None


@dataclass(slots=True, eq=False)
class Transcript:
    """What went over one connection, both ways."""

    clock: Callable[[], float]
    role: ConnectionRole = "client"
    number: int = 0
    local: str = ""
    peer: str = ""
    tls: bool = False
    entries: list[Entry] = field(default_factory=list)
    _began: float = field(init=False)
    _kept: int = 0
    _full: bool = False
    _secrets: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def sent(self, octets: bytes) -> None:
        """Record octets of ours."""
        self._add("us", octets)

    def received(self, octets: bytes) -> None:
        """Record octets of the server."""
        self._add("them", octets)

    def note(self, text: str) -> None:
        """Record a remark."""
        self._add("note", text.encode("ascii", "backslashreplace"))

    def secret(self, octets: bytes) -> None:
        """Never record these octets again, plain or in base64."""
        if octets:
            encoded = base64.b64encode(octets)
            self._secrets += [encoded, octets]
            self._secrets.sort(key=len, reverse=True)

    def _add(self, sender: Sender, octets: bytes) -> None:
        if self._full:
            return
        for secret in self._secrets:
            octets = octets.replace(secret, SECRET)
        kept = octets[: ENTRY_LIMIT // 2] + octets[-ENTRY_LIMIT // 2 :] if len(octets) > ENTRY_LIMIT else octets
        t = self.clock() - self._began
        if self._kept + len(kept) > TRANSCRIPT_LIMIT:
            self._full = True
            self.entries.append(Entry(t, "note", b"the rest is left out", self.tls))
            return
        self._kept += len(kept)
        entry = Entry(t, sender, kept, self.tls)
        if kept is not octets:
            entry.full_length = len(octets)
            entry.sha256 = hashlib.sha256(octets).hexdigest()
        self.entries.append(entry)

    def render(self) -> str:
        """The transcript as text, one line a wire line, line ends visible."""
        shown = {"us": ">", "them": "<", "note": "#"}
        return "\n".join(
            f"{entry.t:9.3f} {shown[entry.sender]} {visible(line)}"
            for entry in self.entries
            for line in entry.octets.splitlines(keepends=True)
        )
