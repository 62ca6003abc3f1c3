"""The client's side of SASL against the examples of the RFCs."""

from __future__ import annotations

import pytest

from conformance.wire.sasl import SaslError, cram_md5, decoded, login, plain, scram


def test_plain_is_one_message() -> None:
    dialogue = plain(b"tim", b"tanstaaftanstaaf")
    assert dialogue.initial == b"\0tim\0tanstaaftanstaaf"
    with pytest.raises(SaslError):
        dialogue.respond(b"more")


def test_login_answers_twice() -> None:
    dialogue = login(b"alice", b"word")
    assert dialogue.initial is None
    assert [dialogue.respond(b"User Name"), dialogue.respond(b"whatever")] == [b"alice", b"word"]
    with pytest.raises(SaslError):
        dialogue.respond(b"more")


def test_cram_md5_as_in_rfc_2195() -> None:
    dialogue = cram_md5(b"tim", b"tanstaaftanstaaf")
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    assert dialogue.respond(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_scram_sha_256_as_in_rfc_7677() -> None:
    dialogue = scram("sha256", b"user", b"pencil", b"rOprNGfwEbeRWgbNEkqO")
    assert dialogue.initial == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    theirs = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    final = dialogue.respond(b"r=" + theirs + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    assert final == b"c=biws,r=" + theirs + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    assert dialogue.respond(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == b""


def test_scram_sha_1_as_in_rfc_5802() -> None:
    dialogue = scram("sha1", b"user", b"pencil", b"fyko+d2lbbFgONRv9qkxdawL")
    theirs = b"fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
    final = dialogue.respond(b"r=" + theirs + b",s=QSXCR+Q6sek8bf92,i=4096")
    assert final == b"c=biws,r=" + theirs + b",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    assert dialogue.respond(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=") == b""


@pytest.mark.parametrize(
    "challenge", [b"", b"r=other,s=QSXC,i=4096", b"r=mine,s=QSXC,i=4096", b"r=mine2,s=QSXC,i=many", b"r=mine2,s=*,i=1"]
)
def test_a_first_message_that_is_none_is_not_followed(challenge: bytes) -> None:
    with pytest.raises(SaslError):
        scram("sha256", b"user", b"pencil", b"mine").respond(challenge)


def test_a_server_that_does_not_know_the_password_is_found_out() -> None:
    dialogue = scram("sha256", b"user", b"pencil", b"mine")
    dialogue.respond(b"r=mineours,s=QSXC,i=1")
    with pytest.raises(SaslError, match="does not prove"):
        dialogue.respond(b"v=QSXC")


def test_commas_and_equals_signs_in_a_name_are_written_out() -> None:
    assert scram("sha256", b"a,b=c", b"", b"n").initial == b"n,,n=a=2Cb=3Dc,r=n"


@pytest.mark.parametrize("octets", [b"A", b"AAA", b"=AAA", b"AAA=BBB=", b"AA AA", b"AAAA\n", b"AA-_", b"\xff"])
def test_what_is_not_base64_is_not_decoded(octets: bytes) -> None:
    with pytest.raises(SaslError):
        decoded(octets)
