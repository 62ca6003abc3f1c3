"""RFC 5321 4.5.3.1.3 - Path."""

from __future__ import annotations

from conformance import At, Broken, Client, Observation, not_refused_as, presume, row, scenario

SYNTAX = {500, 501, 553}
REVERSE, FORWARD = b"MAIL FROM:", b"RCPT TO:"
FORWARD_PATH = "rfc5321/4.5.3.1.3/forward-path-256"


def _path(length: int) -> bytes:
    """A path of this many octets, its brackets included; the local-part and each label are as long as they may be."""
    end = b".example.test>"
    rest, labels = length - len(b"<@") - 64 - len(end), []
    while rest > 0:
        label = min(rest, 63) if rest != 64 else 62
        labels.append(b"d" * label)
        rest -= label + 1
    return b"<" + b"u" * 64 + b"@" + b".".join(labels) + end


@scenario(
    "rfc5321/4.5.3.1.3/reverse-path-256",
    start=At.EHLO,
    path={
        "reverse-under": (REVERSE, 255),
        "reverse-at": (REVERSE, 256),
        "forward-under": row((FORWARD, 255), FORWARD_PATH, start=At.MAIL),
        "forward-at": row((FORWARD, 256), FORWARD_PATH, start=At.MAIL),
    },
)
async def path_of_256_octets_is_no_syntax_error(path: tuple[bytes, int], smtp: Client, second: Client) -> Observation:
    """A path of 255 and of 256 octets is taken, or refused as a short one of the same form is."""
    command, length = path
    seen = not_refused_as(await smtp.say(command + _path(length)), SYNTAX)
    if isinstance(seen, Broken):
        if command == FORWARD:
            await second.mail()
        presume(not_refused_as(await second.say(command + b"<u@d.example.test>"), SYNTAX))
    return seen
