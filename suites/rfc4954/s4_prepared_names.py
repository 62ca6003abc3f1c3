"""RFC 4954 4 - The AUTH Command: how names are prepared before they are compared."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

from conformance import At, Client, Held, Observation, Outcome, Unclear, accepted, answered, presume, refused, scenario

Written = Callable[[str], str]

SOFT_HYPHEN, ZERO_WIDTH_SPACE, VARIATION_SELECTOR = "\u00ad", "\u200b", "\ufe00"
FULL_WIDTH = 0xFEE0
"""How far behind a letter of ASCII its full-width form stands."""


def _full_width(name: str) -> str:
    return chr(ord(name[0]) + FULL_WIDTH) + name[1:]


def _bold(name: str) -> str:
    """The first letter as a mathematical symbol."""
    return chr(0x1D41A + ord(name[0].lower()) - ord("a")) + name[1:]


SAME: dict[str, Written] = {
    "soft-hyphen": lambda name: name[:1] + SOFT_HYPHEN + name[1:],
    "zero-width-space": lambda name: name + ZERO_WIDTH_SPACE,
    "variation-selector": lambda name: name[:1] + VARIATION_SELECTOR + name[1:],
    "full-width-letter": _full_width,
    "mathematical-letter": _bold,
}
"""Other ways to write a name, which SASLprep makes the same (RFC 4013 §2.1, §2.2)."""

IMPOSSIBLE: dict[str, Callable[[str], bytes]] = {
    "control-character": lambda name: name.encode() + b"\x07",
    "delete": lambda name: name.encode() + b"\x7f",
    "private-use": lambda name: (name + "\ue000").encode(),
    "right-to-left-mark": lambda name: (name + "\u200f").encode(),
    "not-assigned": lambda name: (name + "\u0221").encode(),
    "no-character": lambda name: (name + "\ufdd0").encode(),
    "replacement": lambda name: (name + "\ufffd").encode(),
    "not-utf-8": lambda name: name.encode() + b"\xff",
}
"""Names that can't be prepared (RFC 4013 §2.3), and would be the user's without what is wrong with them."""

NOTHING_LEFT = {
    "soft-hyphen": SOFT_HYPHEN,
    "several": SOFT_HYPHEN + VARIATION_SELECTOR + ZERO_WIDTH_SPACE,
}
"""Names of which nothing is left."""


async def _plain(smtp: Client, for_whom: bytes, user: bytes, password: bytes) -> Outcome:
    """What these three bring in PLAIN."""
    presume(answered(await smtp.say(b"AUTH PLAIN"), {334}))
    response = base64.b64encode(b"\0".join((for_whom, user, password)))
    smtp.secret(response)
    return await smtp.say(response)


@scenario(
    "rfc4954/4/saslprep",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    facts=["credentials"],
    written={name: SAME[name] for name in ("soft-hyphen", "zero-width-space", "full-width-letter")},
)
async def authorization_identity_is_prepared(
    written: Written, smtp: Client, second: Client, another: Callable[[], Awaitable[Client]]
) -> Observation:
    """An authorization identity that SASLprep makes the user's own is taken, where that itself is, and no other."""
    user, password = smtp.credentials
    presume(accepted(await _plain(second, user, user, password), {235}))
    outcome = await _plain(smtp, written(user.decode()).encode(), user, password)
    third = await another()  # last, for its failure may count against us
    await third.climb(At.UNAUTHENTICATED)
    presume(await _refuses_others(third, user, password))
    return accepted(outcome, {235})


@scenario(
    "rfc4954/4/saslprep",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    facts=["credentials"],
    written=SAME,
)
async def name_of_the_user_is_prepared(written: Written, smtp: Client, second: Client) -> Observation:
    """A user's name from which an authorization identity follows that SASLprep makes the same is taken."""
    user, password = smtp.credentials
    presume(accepted(await _plain(second, b"", user, password), {235}))
    return accepted(await _plain(smtp, b"", written(user.decode()).encode(), password), {235})


async def _refuses_others(second: Client, user: bytes, password: bytes) -> Observation:
    """Whether the server looks at the authorization identity: that of somebody else is refused."""
    outcome = await _plain(second, b"somebody-else", user, password)
    if isinstance(accepted(outcome, {235}), Held):
        return Unclear(f"it takes any authorization identity: {outcome}")
    return refused(outcome)


@scenario(
    "rfc4954/4/failed-preparation-fails",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    facts=["credentials"],
    written={name: IMPOSSIBLE[name] for name in ("control-character", "private-use", "no-character", "not-utf-8")},
)
async def authorization_identity_that_is_no_name_fails(
    written: Callable[[str], bytes], smtp: Client, second: Client
) -> Observation:
    """An authorization identity with what no name may hold is refused, though it is the user's without that."""
    user, password = smtp.credentials
    presume(await _refuses_others(second, user, password))
    return refused(await _plain(smtp, written(user.decode()), user, password))


@scenario(
    "rfc4954/4/failed-preparation-fails",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    facts=["credentials"],
    written=IMPOSSIBLE,
)
async def user_that_is_no_name_fails(written: Callable[[str], bytes], smtp: Client, second: Client) -> Observation:
    """A user's name with what no name may hold is refused, though it is the user's without that."""
    user, password = smtp.credentials
    presume(accepted(await _plain(second, b"", user, password), {235}))
    return refused(await _plain(smtp, b"", written(user.decode()), password))


@scenario(
    "rfc4954/4/failed-preparation-fails",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    facts=["credentials"],
    name=NOTHING_LEFT,
)
async def authorization_identity_of_which_nothing_is_left_fails(name: str, smtp: Client, second: Client) -> Observation:
    """An authorization identity that SASLprep makes empty is not taken for one that was left out."""
    user, password = smtp.credentials
    presume(await _refuses_others(second, user, password))
    return refused(await _plain(smtp, name.encode(), user, password))
