"""The transcript of a connection: evidence, timed, bounded, without secrets, safe to print."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from conformance.wire.octets import visible

Sender = Literal["us", "them", "note"]
ConnectionRole = Literal["client", "second", "hop", "dns", "store", "submit"]

ENTRY_LIMIT = 4096
"""Octets that one entry keeps."""

TRANSCRIPT_LIMIT = 64 * 1024
"""Octets that all entries of a transcript keep together."""

SECRET = b"<secret>"
"""What stands in the place of a secret."""

_TELLING = 8
"""Characters of a secret in base64 by which a part of it is known for one."""


@dataclass(slots=True)
class Entry:
    """Octets of one direction; ``t`` in seconds since the transcript began.

    An entry over 4 KiB keeps its first and its last half of that, and both are of one length; ``full_length`` and
    ``sha256`` are of the whole, in which secrets are already replaced.
    """

    t: float
    sender: Sender
    octets: bytes
    tls: bool = False
    full_length: int | None = None
    sha256: str | None = None

    def halves(self) -> list[bytes]:
        """The octets in one piece, or in two where octets between them were left out."""
        if self.full_length is None:
            return [self.octets]
        cut = len(self.octets) // 2
        return [self.octets[:cut], self.octets[cut:]]


@dataclass(slots=True, eq=False)
class Transcript:
    """What went over one connection, both ways; set ``tls`` once the octets go through TLS."""

    clock: Callable[[], float]
    role: ConnectionRole = "client"
    number: int = 0
    local: str = ""
    peer: str = ""
    tls: bool = False
    _recorded: list[Entry] = field(default_factory=list)
    _began: float = field(init=False)
    _kept: int = 0
    _full: bool = False
    _secrets: dict[bytes, int] = field(default_factory=dict)

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
        """Never show these octets: not as they are nor in base64, in no case of letters, in neither direction."""
        if octets:
            self._secrets.update(_forms(octets))

    def hide(self, octets: bytes) -> bytes:
        """The octets with a marker in the place of each secret."""
        (hidden,) = _hide([octets], self._secrets)
        return hidden

    @property
    def entries(self) -> list[Entry]:
        """What was recorded, in order and without secrets, also where a secret was cut into segments."""
        if not self._secrets:
            return list(self._recorded)
        entries = [replace(entry) for entry in self._recorded]
        for sender in ("us", "them"):
            self._hide_in([entry for entry in entries if entry.sender == sender])
        for entry in entries:
            if entry.sender == "note":
                entry.octets = self.hide(entry.octets)
        return [entry for entry in entries if entry.octets]

    def render(self) -> str:
        """The transcript as text, one line a wire line, line ends visible."""
        return "\n".join(line for entry in self.entries for line in _rendered(entry))

    def _hide_in(self, direction: list[Entry]) -> None:
        """Replace secrets in all that went in one direction, as one stream."""
        pieces = [half for entry in direction for half in entry.halves()]
        hidden = iter(_hide(pieces, self._secrets, broken_off=True))
        for entry in direction:
            if entry.full_length is None:
                entry.octets = next(hidden)
            else:
                head, tail = next(hidden), next(hidden)
                shorter = min(len(head), len(tail))
                entry.octets = head[:shorter] + tail[len(tail) - shorter :]

    def _add(self, sender: Sender, octets: bytes) -> None:
        if self._full or not octets:
            return
        t = self.clock() - self._began
        entry = Entry(t, sender, octets, self.tls)
        if len(octets) > ENTRY_LIMIT:
            entry = self._cut(entry)
        if self._kept + len(entry.octets) > TRANSCRIPT_LIMIT:
            self._full = True
            entry = Entry(t, "note", b"the rest is left out", self.tls)
        self._kept += len(entry.octets)
        self._recorded.append(entry)

    def _cut(self, entry: Entry) -> Entry:
        # Secrets go first: the cut may run through one, and a hash over one would let it be guessed.
        whole = self.hide(entry.octets)
        if len(whole) <= ENTRY_LIMIT:
            return replace(entry, octets=whole)
        half = ENTRY_LIMIT // 2
        return replace(
            entry,
            octets=whole[:half] + whole[-half:],
            full_length=len(whole),
            sha256=hashlib.sha256(whole).hexdigest(),
        )


def _forms(secret: bytes) -> dict[bytes, int]:
    """How a secret can look, in lower case, and how many octets from its beginning give it away."""
    encoded = base64.b64encode(secret)
    forms = {secret: len(secret), visible(secret).encode("ascii"): len(visible(secret))}
    forms[encoded] = min(_TELLING, len(encoded.rstrip(b"=")))
    # Inside the base64 of something longer it looks different by the place where it begins, of which there are three.
    for before in range(3):
        within = base64.b64encode(bytes(before) + secret)[-(-8 * before // 6) : 8 * (before + len(secret)) // 6]
        if len(within) >= _TELLING:
            forms[within] = _TELLING
    return {form.lower(): telling for form, telling in forms.items()}


def _hide(pieces: list[bytes], secrets: dict[bytes, int], *, broken_off: bool = False) -> list[bytes]:
    """The pieces of one stream with a marker where a secret begins and nothing where it goes on."""
    stream = b"".join(pieces)
    spans = deque(_spans(stream, secrets, broken_off=broken_off))
    shown = []
    start = 0
    for piece in pieces:
        end = start + len(piece)
        kept, at = b"", start
        while spans and spans[0][0] < end:
            first, last = spans[0]
            if first >= start:
                kept += stream[at:first] + SECRET
            at = min(last, end)
            if last > end:
                break
            spans.popleft()
        shown.append(kept + stream[at:end])
        start = end
    return shown


def _spans(stream: bytes, secrets: dict[bytes, int], *, broken_off: bool) -> list[tuple[int, int]]:
    """Where secrets stand, in order and without overlap; ``broken_off`` also finds one that the end cuts short."""
    lower = stream.lower()
    found = [span for form, telling in secrets.items() for span in _found(lower, form, telling)]
    if broken_off:
        found += [(len(lower) - _begun(lower, form), len(lower)) for form in secrets]
    merged: list[tuple[int, int]] = []
    for first, last in sorted(found):
        inside_a_marker = SECRET in lower[max(0, last - len(SECRET)) : first + len(SECRET)]
        if first == last or inside_a_marker:
            continue
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _found(lower: bytes, form: bytes, telling: int) -> Iterator[tuple[int, int]]:
    for first in _places(lower, form[:telling]):
        last = first + telling
        while last < min(len(lower), first + len(form)) and lower[last] == form[last - first]:
            last += 1
        yield first, last


def _places(octets: bytes, sought: bytes) -> Iterator[int]:
    at = octets.find(sought)
    while at >= 0:
        yield at
        at = octets.find(sought, at + 1)


def _begun(lower: bytes, form: bytes) -> int:
    """How many octets at the end are the beginning of the form; a single one tells nothing and counts as none."""
    for length in range(min(len(form) - 1, len(lower)), 1, -1):
        if form[length - 1] == lower[-1] and lower.endswith(form[:length]):
            return length
    return 0


def _rendered(entry: Entry) -> Iterator[str]:
    at = f"{entry.t:7.3f}"
    tls = "[TLS] " if entry.tls else ""
    if entry.sender == "note":
        # A note is text of ours, whose backslashes already stand for what they show.
        yield f"{at} note # {tls}" + visible(entry.octets).replace("\\\\", "\\")
        return
    sign = f"{at} us   > {tls}" if entry.sender == "us" else f"{at} them < {tls}"
    for number, half in enumerate(entry.halves()):
        if number:
            left_out = (entry.full_length or 0) - len(entry.octets)
            yield f"{at} note # {tls}{left_out} octets left out here, SHA-256 of the whole {entry.sha256}"
        for line in re.findall(rb"[^\n]*\n|[^\n]+", half):
            yield sign + visible(line)
