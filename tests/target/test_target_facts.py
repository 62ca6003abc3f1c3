from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.target import (
    Alias,
    Credentials,
    Limits,
    MailingList,
    Owners,
    Process,
    Store,
    Submit,
    Target,
    TargetError,
    UserAgent,
    facts,
    make_target,
    read_target,
)

ADDRESS = 'address = "smtp://127.0.0.1:2525"\n'

# Every fact that a target file can say, the line of TOML that says it, and what is then known.
FACTS: dict[str, tuple[str, str, object]] = {
    "the role": ('role = "relay"', "role", "relay"),
    "publicly referenced or not": ("publicly-referenced = false", "publicly_referenced", False),
    "the address": ("", "address", "smtp://127.0.0.1:2525"),
    "TLS before mail": ("starttls-required = true", "starttls_required", True),
    "whether the certificate counts": ("verify-certificate = true", "verify_certificate", True),
    "the EHLO name to use": ('ehlo-name = "client.example.test"', "ehlo_name", "client.example.test"),
    "whether our client address is trusted": ("client-trusted = true", "client_trusted", True),
    "all served domains": ('domains = ["a.test", "b.test"]', "domains", ("a.test", "b.test")),
    "postmaster at each": ('postmaster-domains = ["a.test"]', "postmaster_domains", ("a.test",)),
    "accepted mailboxes": ('mailboxes = ["a@a.test"]', "mailboxes", ("a@a.test",)),
    "a mailbox of 64 octets": (f'long-mailbox = "{"a" * 64}@a.test"', "long_mailbox", "a" * 64 + "@a.test"),
    "catch-all domains": ('catch-all-domains = ["c.test"]', "catch_all_domains", ("c.test",)),
    "the recipient delimiter": ('recipient-delimiter = "+"', "recipient_delimiter", "+"),
    "an alias with its members": (
        'alias = {address = "x@a.test", members = ["a@a.test", "b@a.test"]}',
        "alias",
        Alias(address="x@a.test", members=("a@a.test", "b@a.test")),
    ),
    "a list with members and owner": (
        'mailing-list = {address = "l@a.test", members = ["a@a.test"], owner = "o@a.test"}',
        "mailing_list",
        MailingList(address="l@a.test", members=("a@a.test",), owner="o@a.test"),
    ),
    "an alias of one elsewhere": (
        'alias-elsewhere = {address = "x@a.test", members = ["a@b.test"]}',
        "alias_elsewhere",
        Alias(address="x@a.test", members=("a@b.test",)),
    ),
    "an alias of several elsewhere": (
        'alias-of-several-elsewhere = {address = "x@a.test", members = ["a@b.test", "c@b.test"]}',
        "alias_of_several_elsewhere",
        Alias(address="x@a.test", members=("a@b.test", "c@b.test")),
    ),
    "a list whose members are elsewhere": (
        'list-elsewhere = {address = "l@a.test", members = ["a@b.test"], owner = "o@a.test"}',
        "list_elsewhere",
        MailingList(address="l@a.test", members=("a@b.test",), owner="o@a.test"),
    ),
    "who owned mailboxes when": (
        'owners = {changed = "c@a.test", since = "2020-01-01T00:00:00Z", only = "o@a.test", behind = "b.test"}',
        "owners",
        Owners(changed="c@a.test", since="2020-01-01T00:00:00Z", only="o@a.test", behind="b.test"),
    ),
    "whose network it is": ("own-network = true", "own_network", True),
    "a domain to which TLS comes first": ('submissions-domain = "s.test"', "submissions_domain", "s.test"),
    "where that goes": ('submissions-next-hop = "127.0.0.6:2600"', "submissions_next_hop", "127.0.0.6:2600"),
    "what BURL can fetch": ('eight-bit-url = "imap://a.test/b;uid=1"', "eight_bit_url", "imap://a.test/b;uid=1"),
    "a name that fits several mailboxes": ('ambiguous-name = "Smith"', "ambiguous_name", "Smith"),
    "a moved address": ('moved = "m@a.test"', "moved", "m@a.test"),
    "a mailbox outside ASCII": ('utf8-mailbox = "ü@a.test"', "utf8_mailbox", "ü@a.test"),
    "an address moved to one outside ASCII": ('moved-to-utf8 = "m@a.test"', "moved_to_utf8", "m@a.test"),
    "a recipient refused at RCPT": ('refused = "r@a.test"', "refused", "r@a.test"),
    "one temporarily failing": ('temporarily-refused = "t@a.test"', "temporarily_refused", "t@a.test"),
    "one failing only after acceptance": (
        'fails-after-acceptance = "f@a.test"',
        "fails_after_acceptance",
        "f@a.test",
    ),
    "content refused at the dot": ('refused-content = "EICAR"', "refused_content", "EICAR"),
    "content refused at the dot for now": (
        'temporarily-refused-content = "later"',
        "temporarily_refused_content",
        "later",
    ),
    "domains it relays": ('relay-domains = ["r.test"]', "relay_domains", ("r.test",)),
    "where the domains it relays go": ('next-hop = "127.0.0.1:2600"', "next_hop", "127.0.0.1:2600"),
    "a domain that goes where all is offered": ('extended-domain = "e.test"', "extended_domain", "e.test"),
    "where that is": ('extended-next-hop = "127.0.0.2:2600"', "extended_next_hop", "127.0.0.2:2600"),
    "a domain that goes where nothing is offered": ('bare-domain = "b.test"', "bare_domain", "b.test"),
    "where this is": ('bare-next-hop = "127.0.0.3:2600"', "bare_next_hop", "127.0.0.3:2600"),
    "whether it keeps to limits of next hops": ("heeds-limits = true", "heeds_limits", True),
    "a domain whose next hop knows the target": ('account-domain = "a.test"', "account_domain", "a.test"),
    "where that one is": ('account-next-hop = "127.0.0.4:2600"', "account_next_hop", "127.0.0.4:2600"),
    "a domain that goes by LMTP": ('lmtp-domain = "l.test"', "lmtp_domain", "l.test"),
    "where LMTP is spoken": ('lmtp-next-hop = "127.0.0.5:2600"', "lmtp_next_hop", "127.0.0.5:2600"),
    "who signs its certificates": ('account-authority = "ca.pem"', "account_authority", "ca.pem"),
    "mail goes there after AUTH under TLS alone": ("account-verified = true", "account_verified", True),
    "credentials there that fit no command line": ("account-long = true", "account_long", True),
    "who it is there": (
        '[account-credentials]\nuser = "relay"\npassword-from = "RELAY"',
        "account_credentials",
        Credentials(user="relay", password_from="RELAY"),  # noqa: S106 - the name of a variable
    ),
    "a list with a member there": ('relayed-list = "l@a.test"', "relayed_list", "l@a.test"),
    "whether the AUTH parameter is believed": ("credentials-trusted = true", "credentials_trusted", True),
    "whether a security layer can be had": ("security-layer = true", "security_layer", True),
    "exchangers of ours": ('exchangers = ["127.0.0.21:25", "[::1]:25"]', "exchangers", ("127.0.0.21:25", "[::1]:25")),
    "our name server": ('name-server = "127.0.0.53:53"', "name_server", "127.0.0.53:53"),
    "domains resolved through our name server": ('dns-domains = ["d.test"]', "dns_domains", ("d.test",)),
    "accepted sender domains": ('sender-domains = ["s.test"]', "sender_domains", ("s.test",)),
    "a sender": ('sender = "s@s.test"', "sender", "s@s.test"),
    "sender verification": ("sender-verification = true", "sender_verification", True),
    "greylisting with delay": ("greylist-delay = 60", "greylist_delay", 60.0),
    "a content filter": ("content-filter = true", "content_filter", True),
    "credentials and mechanisms": (
        'credentials = {user = "u", password-from = "P", mechanisms = ["PLAIN"]}',
        "credentials",
        Credentials(user="u", password_from="P", mechanisms=("PLAIN",)),  # noqa: S106 - a variable's name
    ),
    "credentials for which a mechanism is too weak": (
        'strict-credentials = {user = "s", password-from = "P", mechanisms = ["PLAIN"]}',
        "strict_credentials",
        Credentials(user="s", password_from="P", mechanisms=("PLAIN",)),  # noqa: S106 - a variable's name
    ),
    "credentials whose user makes no mailbox": (
        'nameless-credentials = {user = "j", password-from = "P"}',
        "nameless_credentials",
        Credentials(user="j", password_from="P"),  # noqa: S106 - a variable's name
    ),
    "a certificate of ours": ('client-certificate = "us.pem"', "client_certificate", "us.pem"),
    "the name that it is for": ('client-certificate-name = "us"', "client_certificate_name", "us"),
    "a certificate before anything else": ("certificate-required = true", "certificate_required", True),
    "AUTH before mail": ("auth-required = true", "auth_required", True),
    "VRFY, EXPN, HELP disabled by policy": (
        'disabled = ["VRFY", "EXPN", "HELP"]',
        "disabled",
        ("VRFY", "EXPN", "HELP"),
    ),
    "limits on errors": ("limits = {errors-per-session = 3}", "limits", Limits(errors_per_session=3)),
    "limits on the rate": ("limits = {connections-per-minute = 30}", "limits", Limits(connections_per_minute=30)),
    "limits on connections": ("limits = {connections = 10}", "limits", Limits(connections=10)),
    "limits on messages": ("limits = {messages-per-connection = 5}", "limits", Limits(messages_per_connection=5)),
    "limits on messages on hold": ("limits = {on-hold = 3}", "limits", Limits(on_hold=3)),
    "the lowest priority": ("limits = {least-priority = -6}", "limits", Limits(least_priority=-6)),
    "limits on recipients and their kind": (
        'limits = {recipients = 100, recipients-kind = "policy"}',
        "limits",
        Limits(recipients=100, recipients_kind="policy"),
    ),
    "how it is killed and started again": (
        'process = {kill = ["kill", "-9", "1"], stop = ["kill", "1"], start = ["start"]}',
        "process",
        Process(kill=("kill", "-9", "1"), stop=("kill", "1"), start=("start",)),
    ),
    "how a user's programs are run": (
        'user-agent = {send = ["send", "{port}"], hold-for-and-by = ["hold", "{seconds}", "{by}"]}',
        "user_agent",
        UserAgent(send=("send", "{port}"), hold_for_and_by=("hold", "{seconds}", "{by}")),
    ),
    "how its disks are filled, and emptied": (
        'process = {fill-queue = ["a", "b"], fill-mailboxes = ["c"], make-room = ["d"]}',
        "process",
        Process(fill_queue=("a", "b"), fill_mailboxes=("c",), make_room=("d",)),
    ),
    "how local users hand it messages": (
        'submit = {command = ["sendmail", "-t"], user = "a@a.test"}',
        "submit",
        Submit(command=("sendmail", "-t"), user="a@a.test"),
    ),
    "timers default or changed": ('timers = "default"', "timers", "default"),
    "delivery_within": ("delivery-within = 2.5", "delivery_within", 2.5),
    "gives_up_within": ("gives-up-within = 600", "gives_up_within", 600.0),
    "where delivered mail can be read, and what is lost": (
        'store = {kind = "mbox", where = "/var/mail/a", loses = ["line-ends", "from-lines"]}',
        "store",
        Store(kind="mbox", where="/var/mail/a", loses=("line-ends", "from-lines")),
    ),
    "where bounces to our sender can be read": (
        'bounces = {kind = "maildir", where = "/home/s/Maildir"}',
        "bounces",
        Store(kind="maildir", where="/home/s/Maildir"),
    ),
}

FOR_REPORTS = {"name", "version", "set_up"}
"""What a target file says only to be repeated in reports."""


def target_of(tmp_path: Path, text: str) -> Target:
    path = tmp_path / "target.toml"
    path.write_text(text, encoding="utf-8")
    return read_target(path)


def problem(tmp_path: Path, text: str) -> str:
    """What is said of a bad file: one line that begins with its name."""
    with pytest.raises(TargetError) as caught:
        target_of(tmp_path, text)
    says = str(caught.value)
    assert says.startswith(f"{tmp_path / 'target.toml'}: ")
    assert "\n" not in says
    return says.removeprefix(f"{tmp_path / 'target.toml'}: ")


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_has_a_place_in_a_target_file(fact: str, tmp_path: Path) -> None:
    line, key, known = FACTS[fact]
    target = target_of(tmp_path, ADDRESS + line)
    assert getattr(target, key) == known
    assert target.knows(key)


@pytest.mark.parametrize("fact", [fact for fact, (line, key, _) in FACTS.items() if line and key != "role"])
def test_every_fact_is_absent_by_default(fact: str) -> None:
    target = Target(address="smtp://127.0.0.1:2525")
    key = FACTS[fact][1]
    if isinstance(getattr(target, key), bool):
        assert getattr(target, key) is False
    else:
        assert not target.knows(key)


def test_the_record_has_no_other_facts() -> None:
    assert {fact for fact in facts() if "." not in fact} == {key for _, key, _ in FACTS.values()} | FOR_REPORTS


@pytest.mark.parametrize("place", ["2600", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", ":25", "h:x"])
def test_a_place_to_listen_at_is_a_host_and_a_port(place: str, tmp_path: Path) -> None:
    says = f"{place!r} is no place to listen at; write 127.0.0.1:2600"
    assert problem(tmp_path, f'{ADDRESS}next-hop = "{place}"') == says


@pytest.mark.parametrize("word", ["mx", "relay", "submission", "lmtp", "554-only"])
def test_the_roles(word: str, tmp_path: Path) -> None:
    assert target_of(tmp_path, f'{ADDRESS}role = "{word}"').role == word


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("smtp://127.0.0.1", "mx"),
        ("smtps://127.0.0.1", "mx"),
        ("lmtp://127.0.0.1", "lmtp"),
        ("lmtp+unix:/run/lmtp.sock", "lmtp"),
        ("submission://127.0.0.1", "submission"),
    ],
)
def test_the_address_tells_the_role_where_nothing_else_does(address: str, role: str) -> None:
    assert make_target({"address": address}, "target").role == role
    assert make_target({"address": address, "role": "relay"}, "target").role == "relay"


@pytest.mark.parametrize("kind", ["maildir", "mbox", "lmtp-sink", "smtp-sink", "command"])
def test_the_kinds_of_a_store(kind: str, tmp_path: Path) -> None:
    store = target_of(tmp_path, f'{ADDRESS}store = {{kind = "{kind}", where = "x"}}').store
    assert store == Store(kind=kind, where="x")  # type: ignore[arg-type]


def test_what_can_be_lost(tmp_path: Path) -> None:
    losses = ["line-ends", "from-lines", "nul", "8-bit", "bare-cr", "bare-lf"]
    store = target_of(tmp_path, f'{ADDRESS}store = {{kind = "mbox", where = "x", loses = {losses}}}').store
    assert store is not None
    assert store.loses == tuple(losses)


def test_a_mailbox_to_write_to_is_the_first_one_or_postmaster() -> None:
    target = Target(address="smtp://127.0.0.1")
    assert target.mailbox == "postmaster"
    assert msgspec.structs.replace(target, mailboxes=("a@b", "c@d")).mailbox == "a@b"


def test_the_address_comes_parsed() -> None:
    assert Target(address="smtps://[::1]").where.port == 465


def test_what_is_written_out_is_read_again() -> None:
    target = make_target({"address": "smtp://127.0.0.1", "limits": {"recipients-kind": "policy"}}, "target")
    written: dict[str, Any] = {name: value for name, value in msgspec.to_builtins(target).items() if value is not None}
    assert make_target(written, "again") == target


# What is wrong.


@pytest.mark.parametrize(
    ("line", "wrong", "near"),
    [
        ('mailboxs = ["a@b"]', "mailboxs", "mailboxes"),
        ('rolle = "mx"', "rolle", "role"),
        ('ehlo_name = "x"', "ehlo_name", "ehlo-name"),
        ("greylist-dealy = 60", "greylist-dealy", "greylist-delay"),
        ("zzz = 1", "zzz", ""),
        ("limits = {connection = 1}", "connection", "connections"),
        ("limits = {recipients_kind = 'policy'}", "recipients_kind", "recipients-kind"),
        ("credentials = {user = 'u', password = 'p'}", "password", "password-from"),
        ("alias = {adress = 'x@y', members = []}", "adress", "address"),
        ("store = {kind = 'mbox', were = 'x'}", "were", "where"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(tmp_path: Path, line: str, wrong: str, near: str) -> None:
    says = problem(tmp_path, ADDRESS + line)
    assert f"{wrong!r}" in says
    assert (f"did you mean {near!r}?" in says) if near else ("did you mean" not in says)


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("mailboxes = 'a@b'", "mailboxes"),
        ("mailboxes = [1]", "mailboxes"),
        ("role = 'server'", "role"),
        ("starttls-required = 'yes'", "starttls-required"),
        ("client-trusted = 1", "client-trusted"),
        ("greylist-delay = '60'", "greylist-delay"),
        ("greylist-delay = 0", "greylist-delay"),
        ("delivery-within = -3", "delivery-within"),
        ("delivery-within = nan", "delivery-within"),
        ("gives-up-within = inf", "gives-up-within"),
        ("disabled = ['NOOP']", "disabled"),
        ("timers = 'slow'", "timers"),
        ("alias = 'x@y'", "alias"),
        ("alias = {address = 'x@y'}", "alias"),
        ("credentials = {user = 'u'}", "credentials"),
        ("limits = {recipients = 'many'}", "limits.recipients"),
        ("limits = {recipients = 0}", "limits.recipients"),
        ("limits = {connections = -1}", "limits.connections"),
        ("limits = {recipients-kind = 'other'}", "limits.recipients-kind"),
        ("store = {kind = 'imap', where = 'x'}", "store.kind"),
        ("store = {kind = 'mbox', where = 'x', loses = ['sleep']}", "store.loses"),
        ("bounces = {kind = 'mbox'}", "bounces"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(tmp_path: Path, line: str, where: str) -> None:
    assert f"$.{where}" in problem(tmp_path, ADDRESS + line)


def test_an_address_is_needed(tmp_path: Path) -> None:
    assert 'address = "smtp://host:port"' in problem(tmp_path, 'role = "mx"')


@pytest.mark.parametrize("address", ["nonsense", "http://host", "smtp://host:0", ""])
def test_an_unusable_address_is_named(tmp_path: Path, address: str) -> None:
    assert repr(address) in problem(tmp_path, f'address = "{address}"')


@pytest.mark.parametrize(
    "fact",
    ["mailboxes", "refused", "temporarily-refused", "fails-after-acceptance", "moved", "long-mailbox", "sender"],
)
@pytest.mark.parametrize("mailbox", ["", "<a@b>", "a@b\r\nQUIT", "a@b\t", "m\u00fcller@b", "a@b\x7f", "a b@c", "a@b>"])
def test_a_mailbox_that_can_not_stand_in_a_path_is_named(fact: str, mailbox: str) -> None:
    value = [mailbox] if fact == "mailboxes" else mailbox
    with pytest.raises(TargetError) as caught:
        make_target({"address": "smtp://127.0.0.1", fact: value}, "target")
    assert str(caught.value).startswith("target: ")
    assert repr(mailbox) in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "mailbox", ["postmaster", "Postmaster", "a@b", "a.b+c@[127.0.0.1]", '"a b"@c', "x@[IPv6:::1]", "a" * 64 + "@b"]
)
def test_a_mailbox_that_can_stand_in_a_path_is_taken(mailbox: str) -> None:
    assert make_target({"address": "smtp://127.0.0.1", "mailboxes": [mailbox]}, "target").mailbox == mailbox


def test_what_hands_messages_over_has_a_name_and_a_mailbox(tmp_path: Path) -> None:
    assert problem(tmp_path, ADDRESS + 'submit = {command = [""]}').startswith("submit has a command without a name; ")
    assert problem(tmp_path, ADDRESS + 'submit = {user = "a b"}').startswith("'a b' is no address; ")
    assert problem(tmp_path, ADDRESS + 'submit = {comand = ["a"]}') == "submit has no 'comand'; did you mean 'command'?"
    assert "Expected `array`, got `str`" in problem(tmp_path, ADDRESS + 'submit = {command = "sendmail -t"}')


@pytest.mark.parametrize("name", ["m\u00fcller.test", "a b", "x\r\nQUIT", ""])
def test_an_ehlo_name_that_can_not_be_said_is_named(name: str) -> None:
    with pytest.raises(TargetError) as caught:
        make_target({"address": "smtp://127.0.0.1", "ehlo-name": name}, "target")
    assert repr(name) in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "fact",
    ["domains", "postmaster-domains", "catch-all-domains", "relay-domains", "dns-domains", "sender-domains"],
)
@pytest.mark.parametrize("domain", ["", "a b", "m\u00fcller.test", "a@b", "<b>", "b\n"])
def test_a_domain_that_can_not_stand_in_a_path_is_named(fact: str, domain: str) -> None:
    with pytest.raises(TargetError) as caught:
        make_target({"address": "smtp://127.0.0.1", fact: ["example.test", domain]}, "target")
    assert repr(domain) in str(caught.value)


@pytest.mark.parametrize("name", ["client.example.test", "[127.0.0.1]", "[IPv6:::1]", "under_score", "localhost"])
def test_any_word_can_be_an_ehlo_name(name: str) -> None:
    assert make_target({"address": "smtp://127.0.0.1", "ehlo-name": name}, "target").ehlo_name == name


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    assert problem(tmp_path, "address smtp://host\n").startswith("not TOML: ")
    assert "line 1" in problem(tmp_path, "address smtp://host\n")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_bytes(b'address = "\xff"\n')
    with pytest.raises(TargetError, match="not TOML"):
        read_target(path)


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(TargetError, match=r"missing\.toml: No such file or directory$"):
        read_target(missing)
    with pytest.raises(TargetError, match="Is a directory"):
        read_target(tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(facts())).map(lambda fact: fact.replace("_", "-")), VALUES)
def test_any_value_of_any_fact_is_taken_or_a_target_error(key: str, value: Any) -> None:
    with suppress(TargetError):
        assert isinstance(make_target({"address": "smtp://127.0.0.1", key: value}, "target"), Target)
