from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.paths import Mailbox, Path, is_address_literal, is_domain, mailbox, path, path_argument

LABELS = st.from_regex(rb"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=1, max_size=5).map(b".".join)
ATOMS = st.from_regex(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,10}", fullmatch=True)
DOT_STRINGS = st.lists(ATOMS, min_size=1, max_size=4).map(b".".join)
QUOTED_PIECES = st.sampled_from([bytes([octet]) for octet in range(32, 127) if octet not in b'"\\']) | st.integers(
    32, 126
).map(lambda octet: b"\\%c" % octet)
QUOTED_STRINGS = st.lists(QUOTED_PIECES, max_size=12).map(lambda pieces: b'"' + b"".join(pieces) + b'"')
IPV4 = st.ip_addresses(v=4).map(lambda address: b"[%b]" % str(address).encode())
IPV6 = st.ip_addresses(v=6).map(lambda address: b"[IPv6:%b]" % str(address).encode())
MAILBOXES = st.builds(lambda local, domain: local + b"@" + domain, DOT_STRINGS | QUOTED_STRINGS, DOMAINS | IPV4 | IPV6)


@pytest.mark.parametrize(
    "octets",
    [
        b"example",
        b"example.test",
        b"EXAMPLE.Test",
        b"a",
        b"1",
        b"1.2.3.4",
        b"3com.test",
        b"a-b.c--d.test",
        b"xn--bcher-kva.test",
        b"a." * 127 + b"b",
    ],
)
def test_a_domain_is_labels_of_letters_digits_and_inner_hyphens(octets: bytes) -> None:
    assert is_domain(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b".",
        b".example",
        b"example.",
        b"a..b",
        b"-a.test",
        b"a-.test",
        b"a.-",
        b"a_b.test",
        b"a b",
        b" a",
        b"a\n",
        b"a\r\n",
        b"a.test\0",
        "b\u00fccher.test".encode(),
        b"[127.0.0.1]",
        b"a@b",
        b"a." * 128,
        b"a." * 127 + b"bb",
    ],
)
def test_what_is_no_domain(octets: bytes) -> None:
    assert not is_domain(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"[127.0.0.1]",
        b"[0.0.0.0]",
        b"[255.255.255.255]",
        b"[001.02.3.040]",
        b"[IPv6:::1]",
        b"[ipv6:::1]",
        b"[IPv6:::]",
        b"[IPv6:2001:db8::1]",
        b"[IPv6:2001:DB8:0:0:0:0:0:1]",
        b"[IPv6:1:2:3:4:5:6::]",
        b"[IPv6:1:2:3::4:5:6]",
        b"[IPv6:::ffff:192.0.2.1]",
        b"[IPv6:1:2:3:4:5:6:192.0.2.1]",
        b"[IPv6:1:2:3:4::192.0.2.1]",
        b"[IPv6:::192.0.2.1]",
        b"[x-tag:something!]",
        b"[tag:a:b]",
        b"[1:@]",
    ],
)
def test_an_address_literal(octets: bytes) -> None:
    assert is_address_literal(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"127.0.0.1",
        b"[127.0.0.1",
        b"127.0.0.1]",
        b"[[127.0.0.1]]",
        b"[127.0.0]",
        b"[127.0.0.1.1]",
        b"[127.0.0.256]",
        b"[127.0.0.0001]",
        b"[127.0.0.]",
        b"[127.0.0.+1]",
        b"[127.0.0.x]",
        b"[127.0.0.1 ]",
        b"[127.0.0.\xb2]",
        b"[127.0.0.1]\n",
        b"[::1]",
        b"[IPv6]",
        b"[IPv6:]",
        b"[IPv6:1:2:3:4:5:6:7]",
        b"[IPv6:1:2:3:4:5:6:7:8:9]",
        b"[IPv6:1::2::3]",
        b"[IPv6::1:2]",
        b"[IPv6:1:2:]",
        b"[IPv6:12345::]",
        b"[IPv6:g::]",
        b"[IPv6:fe80::1%lo]",
        b"[IPv6:127.0.0.1]",
        b"[IPv6:::192.0.2.256]",
        b"[IPv6:1:2:3:4:5:6:7:192.0.2.1]",
        b"[IPv6:192.0.2.1::]",
        # The two colons stand for two groups at least: at most six may stand beside them.
        b"[IPv6:1:2:3:4:5:6:7::]",
        b"[IPv6:::2:3:4:5:6:7:8]",
        b"[IPv6:1:2:3:4:5::192.0.2.1]",
        b"[tag:]",
        b"[tag-:x]",
        b"[:x]",
        b"[t_g:x]",
        b"[tag]",
        b"[tag:a b]",
        b"[tag:a\\b]",
        b"[tag:\xff]",
    ],
)
def test_what_is_no_address_literal(octets: bytes) -> None:
    assert not is_address_literal(octets)


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_is_a_literal(address: ipaddress.IPv4Address) -> None:
    assert is_address_literal(b"[%b]" % str(address).encode())
    assert not is_address_literal(b"[IPv6:%b]" % str(address).encode())


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_a_literal_compressed_or_not(address: ipaddress.IPv6Address) -> None:
    assert is_address_literal(b"[IPv6:%b]" % address.exploded.encode())
    # No single group of zeros is shortened (RFC 5952 section 4.2.2), so that the short form fits too.
    assert is_address_literal(b"[IPv6:%b]" % address.compressed.encode())


@pytest.mark.parametrize(
    ("octets", "local", "domain"),
    [
        (b"alice@example.test", b"alice", b"example.test"),
        (b"Alice.B+tag@Example.Test", b"Alice.B+tag", b"Example.Test"),
        (b"!#$%&'*+-/=?^_`{|}~@a", b"!#$%&'*+-/=?^_`{|}~", b"a"),
        (b'""@a', b'""', b"a"),
        (b'"a b@c>"@a', b'"a b@c>"', b"a"),
        (b'"\\"\\\\"@a', b'"\\"\\\\"', b"a"),
        (b"a@[127.0.0.1]", b"a", b"[127.0.0.1]"),
        (b"a@[IPv6:::1]", b"a", b"[IPv6:::1]"),
        (b"a" * 64 + b"@b", b"a" * 64, b"b"),
    ],
)
def test_a_mailbox_keeps_case_and_quotes(octets: bytes, local: bytes, domain: bytes) -> None:
    assert mailbox(octets) == Mailbox(local, domain)
    assert bytes(Mailbox(local, domain)) == octets


NO_MAILBOXES = [
    b"",
    b"@",
    b"alice",
    b"@example.test",
    b"alice@",
    b"a@b@c",
    b".a@b",
    b"a.@b",
    b"a..b@c",
    b"a b@c",
    b"a @b",
    b"a@ b",
    b"a(b)@c",
    b"a,b@c",
    b"a:b@c",
    b"a<b@c",
    b'a"b"@c',
    b'"a"b@c',
    b'"a"."b"@c',
    b'"a@b',
    b'"a"c"@b',
    b'"a\\"@b',
    b'"a\tb"@c',
    b'"a\r\nb"@c',
    b'"\\\t"@c',
    b'"\x7f"@c',
    b"a\0@b",
    "\u00e4@b".encode(),
    b"a@b_c",
    b"a@-b",
    b"a@b.",
    b"a@[127.0.0.256]",
    b"a@[::1]",
    b"a@b\n",
    b"a@" + b"a." * 127 + b"bb",
]


@pytest.mark.parametrize("octets", NO_MAILBOXES)
def test_what_is_no_mailbox(octets: bytes) -> None:
    assert mailbox(octets) is None
    assert path(b"<" + octets + b">") == (Path(None) if not octets else None)


@given(MAILBOXES)
def test_every_mailbox_of_the_grammar_makes_the_round_trip(octets: bytes) -> None:
    found = mailbox(octets)
    assert found is not None
    assert bytes(found) == octets
    assert path(b"<" + octets + b">") == Path(found)


@pytest.mark.parametrize(
    ("octets", "route"),
    [
        (b"<a@b>", b""),
        (b"<@one.test:a@b>", b"@one.test:"),
        (b"<@one.test,@two.test:a@b>", b"@one.test,@two.test:"),
        (b'<@one.test:"a:b"@b>', b"@one.test:"),
    ],
)
def test_a_path_has_a_mailbox_and_perhaps_a_source_route(octets: bytes, route: bytes) -> None:
    found = path(octets)
    assert found is not None
    assert found.route == route
    assert found.mailbox == mailbox(octets[1 + len(route) : -1])


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<",
        b">",
        b"a@b",
        b"<a@b",
        b"a@b>",
        b"<<a@b>>",
        b" <a@b>",
        b"<a@b> ",
        b"< a@b >",
        b"<a@b>\r\n",
        b"< >",
        b"<postmaster>",
        b"<@one.test:>",
        b"<@one.test>",
        b"<one.test:a@b>",
        b"<@one.test,two.test:a@b>",
        b"<@one.test, @two.test:a@b>",
        b"<@one.test@two.test:a@b>",
        b"<@[127.0.0.1]:a@b>",
        b"<@one.test,:a@b>",
        b"<,@one.test:a@b>",
    ],
)
def test_what_is_no_path(octets: bytes) -> None:
    assert path(octets) is None


def test_the_null_reverse_path_has_no_mailbox() -> None:
    assert path(b"<>") == Path(None, b"")


@pytest.mark.parametrize(
    ("given_path", "words", "parameters"),
    [
        (b"<a@b>", b"", {}),
        (b"<>", b"", {}),
        (b"<a@b>", b" SIZE=100", {b"SIZE": b"100"}),
        (b"<>", b" BODY=8BITMIME SIZE=0", {b"BODY": b"8BITMIME", b"SIZE": b"0"}),
        (b"<a@b>", b" size=100", {b"SIZE": b"100"}),
        (b"<a@b>", b" SMTPUTF8", {b"SMTPUTF8": b""}),
        (b"<a@b>", b' X-1-=<>;"!', {b"X-1-": b'<>;"!'}),
        (b'<"a> SIZE=1"@b>', b" SIZE=2", {b"SIZE": b"2"}),
        (b'<"a\\">"@b>', b" SIZE=2", {b"SIZE": b"2"}),
        (b"<@one.test:a@b>", b" 1=2", {b"1": b"2"}),
    ],
)
def test_parameters_stand_behind_the_path_by_keyword_in_upper_case(
    given_path: bytes, words: bytes, parameters: dict[bytes, bytes]
) -> None:
    found = path_argument(given_path + words)
    assert found is not None
    assert found.path == path(given_path)
    assert found.parameters == parameters


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"a@b",
        b"<a@b",
        b"<a b> SIZE=1",
        b"<a@b>SIZE=1",
        b"<a@b>\tSIZE=1",
        b"<a@b> ",
        b"<a@b>  SIZE=1",
        b"<a@b> SIZE=1 ",
        b"<a@b> SIZE=1  BODY=7BIT",
        b"<a@b> SIZE=",
        b"<a@b> =1",
        b"<a@b> SIZE=1=2",
        b"<a@b> -SIZE=1",
        b"<a@b> SI_ZE=1",
        b"<a@b> SIZE=1 size=2",
        b"<a@b> X=\xff",
        b"<a@b> X=\x7f",
        b"<a@b> X=a\0",
        b"<a@b> SIZE=1\n",
        b'<"a>@b> SIZE=1',
    ],
)
def test_what_is_no_path_with_parameters(octets: bytes) -> None:
    assert path_argument(octets) is None


KEYWORDS = st.from_regex(rb"[A-Z0-9][A-Z0-9-]{0,8}", fullmatch=True)
VALUES = st.binary(max_size=10).map(
    lambda octets: bytes(octet for octet in octets if 33 <= octet <= 126 and octet != 61)
)


@given(MAILBOXES, st.dictionaries(KEYWORDS, VALUES, max_size=4))
def test_every_argument_of_the_grammar_is_taken_apart(octets: bytes, parameters: dict[bytes, bytes]) -> None:
    words = [keyword + (b"=" + value if value else b"") for keyword, value in parameters.items()]
    found = path_argument(b" ".join([b"<" + octets + b">", *words]))
    assert found is not None
    assert found.path == Path(mailbox(octets))
    assert found.parameters == parameters


@given(st.binary(max_size=40) | st.text('<>@",:[]\\ab1.-= ', max_size=30).map(str.encode))
def test_what_is_taken_fits_its_own_parts_and_nothing_is_repaired(octets: bytes) -> None:
    found = path_argument(octets)
    if found is not None:
        inner = bytes(found.path.mailbox) if found.path.mailbox else b""
        assert octets.startswith(b"<" + found.path.route + inner + b">")
    whole = mailbox(octets)
    if whole is not None:
        assert bytes(whole) == octets
        assert is_domain(whole.domain) != is_address_literal(whole.domain)
