"""What the reference server tells of its users and lists."""

from __future__ import annotations

import pytest

from conformance.reference._directory import expanded, verified
from conformance.reference._site import Site


@pytest.mark.parametrize(
    ("asked", "code", "text"),
    [
        (b"alice", 250, b"Alice Example <alice@example.test>"),
        (b"<alice@EXAMPLE.test>", 250, b"Alice Example <alice@EXAMPLE.test>"),
        (rb'"\alice"', 250, rb'Alice Example <"\alice"@example.test>'),
        (b'"Alice Example"', 250, b"Alice Example <alice@example.test>"),
        (b"Bob", 250, b"Bob Example <bob@example.test>"),
        (b"Example", 553, b"Ambiguous; Possibilities are"),
        (b"carol", 251, b"User not local; will forward to <carol@elsewhere.example.org>"),
        (b"anyone@relay.example.test", 252, b"Cannot verify the user, but will take mail for it"),
        (b"carol@elsewhere.example.org", 550, b"No such mailbox here"),
        (b"nobody", 550, b"No such mailbox here"),
        (b'""', 550, b"No such mailbox here"),
    ],
)
def test_vrfy_tells(asked: bytes, code: int, text: bytes) -> None:
    given = verified(Site(), asked)
    assert (given.code, given.texts[0]) == (code, text)


def test_all_users_of_an_ambiguous_name_are_told() -> None:
    assert verified(Site(), b"example").texts[1:] == (
        b"Alice Example <alice@example.test>",
        b"Bob Example <bob@example.test>",
    )


@pytest.mark.parametrize("asked", [b"staff", b"<staff@example.test>", b'"staff"'])
def test_expn_tells_the_members(asked: bytes) -> None:
    given = expanded(asked)
    assert (given.code, given.texts) == (250, (b"<alice@example.test>", b"<bob@example.test>"))


@pytest.mark.parametrize("asked", [b"alice", b"nobody@example.test", b"two words"])
def test_expn_knows_lists_only(asked: bytes) -> None:
    assert expanded(asked).code == 550
