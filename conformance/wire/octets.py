"""Octets: the line end, dot-stuffing, and the one function that makes octets safe and visible."""

from __future__ import annotations

CRLF = b"\r\n"

_NAMED = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0x5C: "\\\\"}
_SHOWN = [_NAMED.get(octet) or (chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}") for octet in range(256)]


def visible(octets: bytes, limit: int | None = None) -> str:
    """Show octets as printable ASCII: no two inputs look the same, and no terminal escape survives.

    With ``limit`` at most so many octets are shown, from the head and the tail, and the text says how many are not.
    """
    if limit is None or len(octets) <= limit:
        return "".join(_SHOWN[octet] for octet in octets)
    head, tail = octets[: limit - limit // 4], octets[len(octets) - limit // 4 :]
    left_out = len(octets) - len(head) - len(tail)
    return f"{visible(head)}\\...{left_out} octets...{visible(tail)}"


def stuff(content: bytes) -> bytes:
    """Double the dot that begins a line (RFC 5321 §4.5.2); only CRLF ends a line."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def unstuff(content: bytes) -> bytes:
    """Delete the dot that begins a line, as a server does (RFC 5321 §4.5.2)."""
    bare = content.replace(b"\r\n.", b"\r\n")
    return bare[1:] if bare.startswith(b".") else bare
