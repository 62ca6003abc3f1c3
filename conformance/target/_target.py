"""What we know about the system under test: the facts of a target file, every one absent by default."""

from __future__ import annotations

import difflib
import tomllib
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from conformance.target._address import Address, AddressError, parse_address
from conformance.wire import paths


class TargetError(Exception):
    """The target file or a fact of it is unusable; the text is one line that says which, and what to do."""


Seconds = Annotated[float, msgspec.Meta(gt=0, le=100 * 365 * 86400)]
"""A time that can be waited for; "not a number" and infinity are none."""
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]

Role = Literal["mx", "relay", "submission", "lmtp", "554-only"]

Disabled = Literal["VRFY", "EXPN", "HELP"]


class Alias(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An address that stands for others (RFC 5321 §3.9.1)."""

    address: str
    members: tuple[str, ...]


class MailingList(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A list with its owner, who becomes the reverse-path of what it sends on (RFC 5321 §3.9.2)."""

    address: str
    members: tuple[str, ...]
    owner: str


class Credentials(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """A user, and the environment variable that holds the password."""

    user: str
    password_from: str
    mechanisms: tuple[str, ...] = ()


class Limits(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """Limits that the operator states; kinds as RFC 5321 §4.5.3.1.10 tells them apart."""

    connections: AtLeastOne | None = None
    connections_per_minute: AtLeastOne | None = None
    errors_per_session: AtLeastOne | None = None
    messages_per_connection: AtLeastOne | None = None
    recipients: AtLeastOne | None = None
    recipients_kind: Literal["implementation", "policy"] | None = None
    on_hold: int | None = None
    """Messages that one user may have on hold (RFC 4865 §6)."""
    least_priority: int | None = None
    """The lowest MT-PRIORITY with which it takes mail for submission now (RFC 6710 §4.1)."""


class Process(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """Commands, each a program with its arguments, that end the target and start it again, or take its room away.

    ``kill`` ends it as a crash does, ``stop`` as a system does that is shut down; ``start`` starts it with the queue
    and the mail that it had. ``fill_queue`` leaves no room where its queue is, ``fill_mailboxes`` none where the
    mailboxes are, and ``make_room`` ends both. A command ends when it is done.
    """

    kill: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    fill_queue: tuple[str, ...] = ()
    fill_mailboxes: tuple[str, ...] = ()
    make_room: tuple[str, ...] = ()


class UserAgent(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """Commands, each a program with its arguments, by which a user has mail sent, or asks of it, at a server of ours.

    ``{host}`` and ``{port}`` in the arguments are where that server listens, ``{sender}`` and ``{recipient}`` are
    mailboxes, and the message stands at standard input. ``send`` is the plain way; ``submissions`` begins with TLS, and
    trusts ``account_authority``. The others ask for something: ``require_tls`` for REQUIRETLS, ``hold_for`` for a hold
    of ``{seconds}``, ``hold_until`` for one until ``{date}``, ``hold_for_and_by`` for one of ``{seconds}`` and delivery
    within ``{by}`` seconds, ``track`` for tracking, from a host that is called ``{name}``. ``solicit`` says that the
    message is of the ``{classes}``, a list with commas. ``burl`` sends what is behind ``{url}``, and to ``{another}``
    after that. ``verify`` and ``expand`` say VRFY and EXPN of a mailbox, ``ask_for_mail`` says ETRN for its own names.
    """

    send: tuple[str, ...] = ()
    submissions: tuple[str, ...] = ()
    require_tls: tuple[str, ...] = ()
    hold_for: tuple[str, ...] = ()
    hold_until: tuple[str, ...] = ()
    hold_for_and_by: tuple[str, ...] = ()
    track: tuple[str, ...] = ()
    solicit: tuple[str, ...] = ()
    burl: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    ask_for_mail: tuple[str, ...] = ()


class Submit(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """How a program of a local user hands the target a message without an envelope (RFC 5321 appendix B).

    ``command`` is a program with its arguments, as ``sendmail -t``: it takes a message on its standard input, its lines
    ended as this system ends them, and its exit status is 0 once the target has it. ``user`` is the mailbox that the
    target has for the user who runs it. ``request_field`` is the name of a header field that asks for a notification
    of success, where it takes one for that (RFC 3461 §5.3). ``return_path_option`` stands before a mailbox that is to
    be the reverse-path, as ``-f``, where the command has such a thing.
    """

    command: tuple[str, ...] = ()
    user: str | None = None
    request_field: str | None = None
    return_path_option: str | None = None


class Store(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where delivered mail can be read, and what that place loses (CR, LF, NUL, 8-bit, `From ` lines)."""

    kind: Literal["maildir", "mbox", "lmtp-sink", "smtp-sink", "command"]
    where: str
    loses: tuple[Literal["line-ends", "from-lines", "nul", "8-bit", "bare-cr", "bare-lf"], ...] = ()


class Owners(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """What is known of who owned which mailbox when (RFC 7293); dates and times as RFC 3339 writes them.

    ``changed`` is a mailbox that has been another's until ``since``, ``only`` one that has had one owner ever.
    ``confirmed`` is when somebody last made sure who owns the address behind ``alias_elsewhere``. ``behind`` is a
    domain that is relayed to a host without RRVS, behind which the header field is known to be acted on.
    """

    changed: str | None = None
    since: str | None = None
    only: str | None = None
    confirmed: str | None = None
    behind: str | None = None


class Target(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """The facts about one target; what is absent makes scenarios not-applicable, never passed.

    Durations are in seconds. A target file is this record in TOML, with hyphens for underscores. Where the file does
    not say the role, ``lmtp:`` and ``submission:`` addresses do.
    """

    address: str
    name: str = ""
    version: str = ""
    set_up: tuple[str, ...] = ()
    """How its configuration differs from the default, in words for the report."""
    role: Role = "mx"
    publicly_referenced: bool | None = None
    # How to connect and introduce ourselves.
    ehlo_name: str | None = None
    starttls_required: bool = False
    auth_required: bool = False
    verify_certificate: bool = False
    client_trusted: bool | None = None
    # Where mail may go.
    domains: tuple[str, ...] = ()
    postmaster_domains: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    long_mailbox: str | None = None
    catch_all_domains: tuple[str, ...] = ()
    recipient_delimiter: str | None = None
    alias: Alias | None = None
    mailing_list: MailingList | None = None
    # An alias of one mailbox at the extended domain, one of several there, and a list of several there.
    alias_elsewhere: Alias | None = None
    alias_of_several_elsewhere: Alias | None = None
    list_elsewhere: MailingList | None = None
    owners: Owners = Owners()
    moved: str | None = None
    # Outside ASCII (RFC 6531): a mailbox, and a mailbox in ASCII whose owner has gone to one that is not.
    utf8_mailbox: str | None = None
    moved_to_utf8: str | None = None
    ambiguous_name: str | None = None
    # What is refused.
    refused: str | None = None
    temporarily_refused: str | None = None
    fails_after_acceptance: str | None = None
    refused_content: str | None = None
    temporarily_refused_content: str | None = None
    # Relaying: where mail for the relay domains goes, and the exchangers and name server of the domains of ours; each
    # is an address of this machine, host:port, at which we listen.
    relay_domains: tuple[str, ...] = ()
    next_hop: str | None = None
    # Two more domains that it relays, each to a next hop of ours: one offers all extensions, the other next to none.
    extended_domain: str | None = None
    extended_next_hop: str | None = None
    bare_domain: str | None = None
    bare_next_hop: str | None = None
    own_network: bool = False
    """Whether we and the target are alone in a network namespace, in which TCP is ours to set."""
    heeds_limits: bool = False
    """Whether it keeps to what a next hop says with LIMITS (RFC 9422)."""
    # One more, whose next hop of ours knows the target: it authenticates there. That host is called as the domain is,
    # offers AUTH, and STARTTLS where we have an authority (PEM, with its key) whose signature the target trusts.
    # ``account_verified`` says that mail goes there after AUTH under TLS that verifies, and not otherwise.
    account_domain: str | None = None
    account_next_hop: str | None = None
    account_authority: str | None = None
    account_verified: bool = False
    account_credentials: Credentials | None = None
    """Who the target is there: for what only one who knows the password can do."""
    account_long: bool = False
    """Whether a command line has no room for what the target says there in PLAIN."""
    # One more, whose host of ours is called as the domain is and has TLS from the first octet: its certificate verifies
    # by ``account_authority``, or mail does not go there.
    submissions_domain: str | None = None
    submissions_next_hop: str | None = None
    relayed_list: str | None = None
    """The address of a list with a member there."""
    # A domain whose mail it passes on by LMTP, to a next hop of ours.
    lmtp_domain: str | None = None
    lmtp_next_hop: str | None = None
    dns_domains: tuple[str, ...] = ()
    exchangers: tuple[str, ...] = ()
    name_server: str | None = None
    # Senders.
    sender: str | None = None
    sender_domains: tuple[str, ...] = ()
    sender_verification: bool | None = None
    greylist_delay: Seconds | None = None
    content_filter: bool | None = None
    credentials: Credentials | None = None
    # A user for whom the mechanisms named are too weak, and one of whose name the target can make no mailbox.
    strict_credentials: Credentials | None = None
    nameless_credentials: Credentials | None = None
    credentials_trusted: bool | None = None
    """Whether the target believes what ``credentials`` say in the AUTH parameter of MAIL."""
    security_layer: bool = False
    """Whether that user gets an integrity layer by DIGEST-MD5 where the client asks for one (RFC 2831 §2.3)."""
    # A file with a certificate of ours that the target can verify, and its key (PEM); the name that it is for; and
    # whether the target serves nobody under TLS without one.
    client_certificate: str | None = None
    client_certificate_name: str | None = None
    certificate_required: bool = False
    # Policy.
    disabled: tuple[Disabled, ...] = ()
    limits: Limits = Limits()
    process: Process = Process()
    user_agent: UserAgent = UserAgent()
    submit: Submit = Submit()
    timers: Literal["default", "changed"] | None = None
    delivery_within: Seconds | None = None
    # How long it tries to send mail before it gives it back; stated only where that is short enough to wait for.
    gives_up_within: Seconds | None = None
    # What an IMAP server has for BURL: a URL of a message whose text has 8-bit octets, made out to the user.
    eight_bit_url: str | None = None
    store: Store | None = None
    bounces: Store | None = None

    @property
    def where(self) -> Address:
        """The address, parsed."""
        return parse_address(self.address)

    @property
    def implicit_tls(self) -> bool:
        """Whether TLS begins with the first octet (RFC 8314 §3.3); the address says so."""
        return self.where.implicit_tls

    @property
    def mailbox(self) -> str:
        """A mailbox that takes mail: the first declared one, else ``postmaster``, which every server has (§4.5.1)."""
        return self.mailboxes[0] if self.mailboxes else "postmaster"

    def knows(self, fact: str) -> bool:
        """Whether the fact of this name (``refused``, ``limits.recipients``…) is stated; a duty, whether it is so."""
        if fact in _DUTIES:
            return getattr(self, fact) is True
        whole, _, part = fact.partition(".")
        value = getattr(self, whole)
        if part:
            value = getattr(value, part)
        return value is not None and value not in ((), "", *RECORDS.values())


_DUTIES = frozenset(
    {
        "starttls_required",
        "auth_required",
        "verify_certificate",
        "implicit_tls",
        "own_network",
        "heeds_limits",
        "account_verified",
        "account_long",
        "security_layer",
        "certificate_required",
    }
)
"""Facts that are about something only where they are so."""

ADDRESS_FACTS = frozenset({"implicit_tls"})
"""Facts that the address states."""


def _part(kind: Any) -> type[msgspec.Struct] | None:
    """The record that a fact of this type is, if it is one."""
    kinds = typing.get_args(kind) or (kind,)
    return next((each for each in kinds if isinstance(each, type) and issubclass(each, msgspec.Struct)), None)


PARTS: dict[str, type[msgspec.Struct]] = {
    fact.name: part for fact in msgspec.structs.fields(Target) if (part := _part(fact.type)) is not None
}
"""The facts that have parts of their own, and the record that each is."""

RECORDS: dict[str, msgspec.Struct] = {
    fact.name: fact.default for fact in msgspec.structs.fields(Target) if isinstance(fact.default, msgspec.Struct)
}
"""Those of them that are there where nothing is stated, with nothing in them."""

_ROLES: dict[str, Role] = {"lmtp": "lmtp", "submission": "submission"}
_MAILBOXES = (
    "mailboxes",
    "long_mailbox",
    "moved",
    "moved_to_utf8",
    "refused",
    "temporarily_refused",
    "fails_after_acceptance",
    "relayed_list",
    "sender",
)
_NAMES = (
    "ehlo_name",
    "domains",
    "postmaster_domains",
    "catch_all_domains",
    "relay_domains",
    "extended_domain",
    "bare_domain",
    "account_domain",
    "submissions_domain",
    "lmtp_domain",
    "dns_domains",
    "sender_domains",
)


_PLACES = (
    "next_hop",
    "extended_next_hop",
    "bare_next_hop",
    "account_next_hop",
    "submissions_next_hop",
    "lmtp_next_hop",
    "exchangers",
    "name_server",
)


def split_place(place: str) -> tuple[str, int]:
    """The host and the port of ``host:port``, an IPv6 address without its brackets.

    Raises:
        ValueError: it is none.
    """
    host, _, port = place.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(place)
    return host.removeprefix("[").removesuffix("]"), int(port)


def facts() -> frozenset[str]:
    """The names of all facts a target can state; each part of a record that is always there is one by itself too."""
    inner = (f"{whole}.{part}" for whole, record in RECORDS.items() for part in record.__struct_fields__)
    return frozenset({*Target.__struct_fields__, *inner})


def read_target(path: Path) -> Target:
    """Read a target file (TOML).

    Raises:
        TargetError: unreadable, not TOML, an unknown key, a wrong type or an unusable address.
    """
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetError(f"{path}: not TOML: {error}") from error
    return make_target(data, str(path))


def make_target(data: dict[str, Any], origin: str) -> Target:
    """Check the facts in ``data``; ``origin`` names them in errors.

    Raises:
        TargetError: an unknown key, a wrong type, or an unusable address, mailbox or domain.
    """
    _check_keys(data, Target, f"{origin}: no fact is called")
    for fact, part in PARTS.items():
        name = fact.replace("_", "-")
        if isinstance(data.get(name), dict):
            _check_keys(data[name], part, f"{origin}: {name} has no")
    if "address" not in data:
        raise TargetError(f'{origin}: no address; write address = "smtp://host:port"')
    try:
        target = msgspec.convert(data, Target)
        scheme = target.where.scheme
    except (msgspec.ValidationError, AddressError) as error:
        raise TargetError(f"{origin}: {error}") from error
    if "role" not in data and scheme in _ROLES:
        target = msgspec.structs.replace(target, role=_ROLES[scheme])
    _check_words(target, origin)
    return target


def _is_outside_ascii(mailbox: str) -> bool:
    """Whether it is a mailbox that is not one of ASCII (RFC 6531 §3.3)."""
    plain = "".join(letter if letter.isascii() else "x" for letter in mailbox).encode("ascii")
    return not mailbox.isascii() and mailbox.isprintable() and paths.mailbox(plain) is not None


def _check_mailboxes(target: Target, origin: str) -> None:
    for mailbox in (*_said(target, _MAILBOXES), *([target.submit.user] if target.submit.user is not None else [])):
        if not (_is_word(mailbox, but="<>") or (mailbox.isascii() and paths.mailbox(mailbox.encode("ascii")))):
            raise TargetError(f"{origin}: {mailbox!r} is no address; write local-part@domain, without brackets")
    for mailbox in _said(target, ["utf8_mailbox"]):
        if not _is_outside_ascii(mailbox):
            raise TargetError(f"{origin}: {mailbox!r} is no address outside ASCII; write it in UTF-8, without brackets")


def _check_words(target: Target, origin: str) -> None:
    """Check what the facts that are addresses, domains and places say."""
    _check_mailboxes(target, origin)
    if target.submit.command and not target.submit.command[0]:
        raise TargetError(f"{origin}: submit has a command without a name; write command = ['sendmail', '-t', '-i']")
    if target.submit.request_field is not None and not _is_word(target.submit.request_field, but=":"):
        raise TargetError(f"{origin}: {target.submit.request_field!r} is no name of a field; write Return-Receipt-To")
    for name in _said(target, ["ambiguous_name"]):
        if not (name and name.isascii() and name.isprintable()) or '"' in name or "\\" in name:
            raise TargetError(f"{origin}: {name!r} is no name to verify; write it in ASCII, without quotes")
    for domain in _said(target, _NAMES):
        if not _is_word(domain, but="<>@"):
            raise TargetError(f"{origin}: {domain!r} is no domain; write it in ASCII, an IDN in its A-labels")
    for place in _said(target, _PLACES):
        try:
            split_place(place)
        except ValueError:
            raise TargetError(f"{origin}: {place!r} is no place to listen at; write 127.0.0.1:2600") from None


def _check_keys(data: dict[str, Any], record: type[msgspec.Struct], complaint: str) -> None:
    known = [field.encode_name for field in msgspec.structs.fields(record)]
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise TargetError(f"{complaint} {key!r}{f'; did you mean {near[0]!r}?' if near else ''}")


def _said(target: Target, facts_of_one_kind: Iterable[str]) -> Iterator[str]:
    """What the target says of these facts, word by word."""
    for fact in facts_of_one_kind:
        value = getattr(target, fact)
        yield from value if isinstance(value, tuple) else () if value is None else (value,)


def _is_word(text: str, but: str) -> bool:
    return bool(text) and all("!" <= letter <= "~" and letter not in but for letter in text)
