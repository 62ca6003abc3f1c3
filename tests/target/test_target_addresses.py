from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.target import Address, AddressError, is_private, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("smtp://mail.example.test", Address("smtp", "mail.example.test", 25)),
        ("smtp://mail.example.test:2525", Address("smtp", "mail.example.test", 2525)),
        ("smtp://mail.example.test:65535/", Address("smtp", "mail.example.test", 65535)),
        ("SMTP://Mail.Example.Test:1", Address("smtp", "mail.example.test", 1)),
        ("smtps://mail.example.test", Address("smtps", "mail.example.test", 465)),
        ("smtps://127.0.0.1:4465", Address("smtps", "127.0.0.1", 4465)),
        ("submission://mail.example.test", Address("submission", "mail.example.test", 587)),
        ("submission://mail.example.test:5587", Address("submission", "mail.example.test", 5587)),
        ("lmtp://localhost", Address("lmtp", "localhost", 24)),
        ("lmtp://127.0.0.1:2424", Address("lmtp", "127.0.0.1", 2424)),
        ("smtp://[::1]", Address("smtp", "::1", 25)),
        ("smtp://[2001:db8::1]:2525", Address("smtp", "2001:db8::1", 2525)),
        ("lmtp+unix:/run/lmtp.sock", Address("lmtp", "", 0, "/run/lmtp.sock")),
        ("lmtp+unix:run/my lmtp.sock", Address("lmtp", "", 0, "run/my lmtp.sock")),
    ],
)
def test_an_address_is(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "smtp://host:port"),
        ("mail.example.test", "smtp://host:port"),
        ("mail.example.test:25", "smtp://host:port"),
        ("http://mail.example.test", "smtp://host:port"),
        ("smtp:mail.example.test", "names no host"),
        ("smtp://", "names no host"),
        ("smtp://:25", "names no host"),
        ("smtp://host:0", "port 0"),
        ("smtp://host:65536", "(?i)port"),
        ("smtp://host:-1", "(?i)port"),
        ("smtp://host:smtp", "(?i)port"),
        ("smtp://host:25:25", "(?i)port"),
        ("smtp://[::1:25", "is no address"),
        ("smtp://host/path", "more than a host and a port"),
        ("smtp://host?x=1", "more than a host and a port"),
        ("smtp://host#x", "more than a host and a port"),
        ("smtp://user@host", "more than a host and a port"),
        ("smtp://user:password@host", "more than a host and a port"),
        ("smtp://:password@host", "more than a host and a port"),
        ("smtp://my host", "(?i)host"),
        ("smtp://ho\x1bst", "(?i)host"),
        ("lmtp+unix:", "no path"),
    ],
)
def test_what_is_no_address_is_told_with_what_to_write(text: str, says: str) -> None:
    with pytest.raises(AddressError, match=says) as caught:
        parse_address(text)
    assert "\n" not in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("smtp", "mail.example.test", 25), "smtp://mail.example.test:25"),
        (Address("smtps", "::1", 465), "smtps://[::1]:465"),
        (Address("lmtp", "", 0, "/run/lmtp.sock"), "lmtp+unix:/run/lmtp.sock"),
    ],
)
def test_an_address_is_written_as_it_is_read(address: Address, text: str) -> None:
    assert str(address) == text
    assert parse_address(text) == address


@given(
    st.sampled_from(["smtp", "smtps", "lmtp", "submission"]),
    st.ip_addresses().map(str) | st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8}){0,3}", fullmatch=True),
    st.integers(1, 65535),
)
def test_every_host_and_port_make_the_round_trip(scheme: str, host: str, port: int) -> None:
    address = Address(scheme, host, port)
    assert parse_address(str(address)) == address


@given(st.text() | st.text(max_size=12).map(lambda text: f"smtp://{text}"))
def test_any_text_is_an_address_or_an_address_error(text: str) -> None:
    with suppress(AddressError):
        address = parse_address(text)
        assert address.path or (address.host and 1 <= address.port <= 65535)


def test_only_smtps_begins_with_tls() -> None:
    assert parse_address("smtps://host").implicit_tls
    assert not any(parse_address(f"{scheme}://host").implicit_tls for scheme in ("smtp", "submission", "lmtp"))


@pytest.mark.parametrize(
    "text",
    [
        "smtp://127.0.0.1",
        "smtp://127.255.255.255",
        "smtp://localhost",
        "smtp://LOCALHOST",
        "smtp://[::1]",
        "smtp://10.1.2.3",
        "smtp://172.16.0.1",
        "smtp://172.31.255.255",
        "smtp://192.168.0.1",
        "smtp://169.254.1.1",
        "smtp://[fe80::1]",
        "smtp://[fd00::1]",
        "smtp://[::ffff:192.168.0.1]",
        "smtp://0.0.0.0",
        "lmtp+unix:/run/lmtp.sock",
    ],
)
def test_loopback_private_and_link_local_need_no_authorization(text: str) -> None:
    assert parse_address(text).is_private


@pytest.mark.parametrize(
    "text",
    [
        "smtp://mail.example.test",
        "smtp://localhost.example.test",
        "smtp://192.0.2.1",
        "smtp://198.51.100.1",
        "smtp://128.0.0.1",
        "smtp://172.32.0.1",
        "smtp://100.64.0.1",
        "smtp://8.8.8.8",
        "smtp://[2001:db8::1]",
        "smtp://[::ffff:8.8.8.8]",
        "smtp://0.0.0.1",
    ],
)
def test_all_else_does(text: str) -> None:
    assert not parse_address(text).is_private


def test_a_name_is_never_private_by_itself() -> None:
    assert not is_private("localhost")
    assert is_private("fe80::1%eth0")
