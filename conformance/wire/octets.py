"""Octets: the line end, dot-stuffing, and the one function that makes octets safe and visible."""

from __future__ import annotations

CRLF = b"\r\n"

_NAMED = {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\"}
_PRINTABLE = range(0x20, 0x7F)
_SHOWN = {
    octet: _NAMED.get(chr(octet)) or (chr(octet) if octet in _PRINTABLE else f"\\x{octet:02x}") for octet in range(256)
}


def visible(octets: bytes, limit: int | None = None) -> str:
    r"""Show octets as printable ASCII, so that no terminal escape survives and no two inputs look the same.

    CR, LF, TAB and the backslash are ``\r``, ``\n``, ``\t`` and ``\\``, all else that is not printable ``\xHH``.
    With ``limit`` at most so many octets are shown, from the head and the tail, and the text says how many are not.

    Raises:
        ValueError: ``limit`` is negative.
    """
    if limit is not None and limit < 0:
        raise ValueError(f"limit is {limit}; it counts octets")
    if limit is None or len(octets) <= limit:
        return octets.decode("latin-1").translate(_SHOWN)
    head, tail = octets[: limit - limit // 4], octets[len(octets) - limit // 4 :]
    left_out = len(octets) - limit
    # No octet is shown as a backslash and a dot: this can't be taken for what was sent.
    return f"{visible(head)}\\...{left_out} octets...{visible(tail)}"


def stuff(content: bytes) -> bytes:
    """Double the dot that begins a line (RFC 5321 §4.5.2); only CRLF ends a line."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def unstuff(content: bytes) -> bytes:
    """Delete the dot that begins a line, as a server does (RFC 5321 §4.5.2).

    ``content`` comes without the line that ends the mail data: a dot alone on its line is deleted like any other.
    """
    bare = content.replace(b"\r\n.", b"\r\n")
    return bare[1:] if content.startswith(b".") else bare
