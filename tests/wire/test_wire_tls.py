"""What names and octets tell of TLS."""

from __future__ import annotations

import ssl

import pytest

from conformance.wire import cipher_suite, handshake_messages
from conformance.wire.tls import CERTIFICATE_REQUEST, CIPHER_SUITES

HELLO = b"\x02\x00\x00\x02\x03\x03"
REQUEST = b"\x0d\x00\x00\x01\x00"
DONE = b"\x0e\x00\x00\x00"


def record(octets: bytes, kind: int = 22) -> bytes:
    return bytes([kind]) + b"\x03\x03" + len(octets).to_bytes(2) + octets


@pytest.mark.parametrize(
    ("octets", "kinds"),
    [
        (b"", ()),
        (record(HELLO), (2,)),
        (record(HELLO + REQUEST + DONE), (2, CERTIFICATE_REQUEST, 14)),
        (record(HELLO) + record(REQUEST) + record(DONE), (2, CERTIFICATE_REQUEST, 14)),
        (record(HELLO + REQUEST[:2]) + record(REQUEST[2:]), (2, CERTIFICATE_REQUEST)),
        (record(HELLO + REQUEST)[:-1], (2,)),
        (record(HELLO) + record(b"\x01", 20) + record(REQUEST), (2,)),
        (record(b"\x02\x28", 21), ()),
        (b"220 mail.example.test\r\n", ()),
    ],
)
def test_the_messages_of_a_handshake_in_clear_are_told_by_their_kind(octets: bytes, kinds: tuple[int, ...]) -> None:
    assert handshake_messages(octets) == kinds


def test_cipher_suites_have_the_numbers_that_openssl_knows() -> None:
    known = {each["name"]: each["id"] & 0xFFFF for each in ssl.create_default_context().get_ciphers()}
    ours = {name.decode(): suite.number for name, suite in CIPHER_SUITES.items()}
    assert {name: known[name] for name in ours.keys() & known.keys()} == {
        name: ours[name] for name in ours.keys() & known.keys()
    }
    assert len(ours.keys() & known.keys()) > 5


def test_a_cipher_suite_is_found_by_the_name_that_openssl_gives_it() -> None:
    found = cipher_suite("ECDHE-RSA-AES128-GCM-SHA256")
    assert found is not None
    assert (found.name, found.hexadecimal) == (b"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", b"0xC02F")
    assert cipher_suite("NULL-MD5") is None
