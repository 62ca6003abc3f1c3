"""The client's side of SASL against the examples of the RFCs."""

from __future__ import annotations

import pytest

from conformance.wire.digest_md5 import Digest, IntegrityLayer, LayerError, directives
from conformance.wire.sasl import SaslError, Service, cram_md5, decoded, digest_md5, login, plain, scram


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


DIGEST_CHALLENGE = (
    b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth,auth-int",algorithm=md5-sess,charset=utf-8'
)
IMAP = Service(b"elwood.innosoft.com", b"imap")


def test_digest_md5_as_in_rfc_2831() -> None:
    dialogue = digest_md5(b"chris", b"secret", IMAP, b"OA6MHXh6VqTrRk")
    assert dialogue.initial is None
    said = directives(dialogue.respond(DIGEST_CHALLENGE))
    assert said == {
        b"charset": (b"utf-8",),
        b"username": (b"chris",),
        b"realm": (b"elwood.innosoft.com",),
        b"nonce": (b"OA6MG9tEQGm2hh",),
        b"nc": (b"00000001",),
        b"cnonce": (b"OA6MHXh6VqTrRk",),
        b"digest-uri": (b"imap/elwood.innosoft.com",),
        b"response": (b"d388dad90d4bbd760a152321f2143af7",),
        b"qop": (b"auth",),
    }
    assert dialogue.respond(b"rspauth=ea40f60335c427b5527b84dbabcdfffd") == b""
    assert dialogue.layer() is None


def test_the_service_is_smtp_unless_another_is_given() -> None:
    said = directives(digest_md5(b"chris", b"secret", Service(b"mail.example.test")).respond(DIGEST_CHALLENGE))
    assert said[b"digest-uri"] == (b"smtp/mail.example.test",)


@pytest.mark.parametrize(
    ("user", "realms", "name", "realm"),
    [
        (b"alice", b'realm="one",realm="two",', b"alice", b"one"),
        (b"alice@two", b'realm="one",realm="two",', b"alice", b"two"),
        (b"alice@three", b'realm="one",', b"alice@three", b"one"),
        (b"alice@two", b"", b"alice", b"two"),
        (b"alice", b"", b"alice", None),
    ],
)
def test_a_user_is_one_of_a_realm(user: bytes, realms: bytes, name: bytes, realm: bytes | None) -> None:
    said = directives(digest_md5(user, b"x", IMAP).respond(realms + b'nonce="n",algorithm=md5-sess'))
    assert said[b"username"] == (name,)
    assert said.get(b"realm", (None,)) == (realm,)


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b'nonce="n"',
        b"algorithm=md5-sess",
        b'nonce="n",nonce="m",algorithm=md5-sess',
        b'nonce="n",qop="auth-conf",algorithm=md5-sess',
    ],
)
def test_a_digest_challenge_that_is_none_is_not_followed(challenge: bytes) -> None:
    with pytest.raises(SaslError):
        digest_md5(b"chris", b"secret", IMAP).respond(challenge)


def test_a_server_without_the_digest_of_the_password_is_found_out() -> None:
    dialogue = digest_md5(b"chris", b"secret", IMAP)
    dialogue.respond(DIGEST_CHALLENGE)
    with pytest.raises(SaslError, match="does not prove"):
        dialogue.respond(b"rspauth=ea40f60335c427b5527b84dbabcdfffd")


def test_characters_of_latin_1_are_hashed_as_such() -> None:
    digest = Digest("jürgen".encode(), b"r", b"n", b"c", b"smtp/h")
    assert digest.key(b"x") == Digest("jürgen".encode("latin-1"), b"r", b"n", b"c", b"smtp/h", utf8=False).key(b"x")
    assert digest.key("€".encode()) != digest.key(b"?")


def test_quotes_in_a_name_are_written_out() -> None:
    said = digest_md5(b'a"b\\c', b"x", IMAP).respond(DIGEST_CHALLENGE)
    assert b'username="a\\"b\\\\c"' in said
    assert directives(said)[b"username"] == (b'a"b\\c',)


# The integrity layer.


def both_sides() -> tuple[IntegrityLayer, IntegrityLayer]:
    return IntegrityLayer.of_client(b"key"), IntegrityLayer.of_server(b"key")


def test_what_one_side_wraps_the_other_unwraps() -> None:
    ours, theirs = both_sides()
    for octets in (b"EHLO client.example.test\r\n", b"", b"QUIT\r\n"):
        assert theirs.unwrap(ours.wrap(octets)) == octets
        assert ours.unwrap(theirs.wrap(octets)) == octets


def test_a_message_has_a_length_and_a_digest_with_its_number() -> None:
    ours, _ = both_sides()
    first, second = ours.wrap(b"NOOP\r\n"), ours.wrap(b"NOOP\r\n")
    assert (first[:10], first[-6:]) == (b"\0\0\0\x16NOOP\r\n", b"\0\x01\0\0\0\0")
    assert second[-6:] == b"\0\x01\0\0\0\x01"
    assert first[10:20] != second[10:20]


def test_messages_come_in_any_pieces() -> None:
    ours, theirs = both_sides()
    wrapped = ours.wrap(b"one") + ours.wrap(b"two")
    assert b"".join(theirs.unwrap(wrapped[at : at + 1]) for at in range(len(wrapped))) == b"onetwo"


def test_no_message_is_larger_than_the_other_side_takes() -> None:
    ours, theirs = IntegrityLayer.of_client(b"key", largest=116), IntegrityLayer.of_server(b"key")
    wrapped = ours.wrap(b"x" * 250)
    assert len(wrapped) == 250 + 3 * 20
    assert theirs.unwrap(wrapped) == b"x" * 250


@pytest.mark.parametrize("octets", [b"250 OK\r\n", b"\0\0\0\x0f" + b"x" * 15, b"\0\0\0\x14" + b"x" * 20])
def test_what_is_not_protected_is_found_out(octets: bytes) -> None:
    ours, theirs = both_sides()
    with pytest.raises(LayerError) as caught:
        ours.unwrap(theirs.wrap(b"first") + octets)
    assert (caught.value.octets, caught.value.before) == (octets, b"first")


def test_a_message_that_comes_twice_is_found_out() -> None:
    ours, theirs = both_sides()
    wrapped = theirs.wrap(b"250 OK\r\n")
    ours.unwrap(wrapped)
    with pytest.raises(LayerError):
        ours.unwrap(wrapped)
