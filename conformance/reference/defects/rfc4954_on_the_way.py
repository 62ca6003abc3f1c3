"""Defects of a relay that authenticates at its next hop (RFC 4954): the AUTH parameter of MAIL."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._authentication import Authentication
from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._parameters import decoded, encoded
from conformance.reference._relay import RelaySession
from conformance.reference._site import LOGIN_DOMAIN

Submitter = Callable[[bytes | None], bytes]
Generate = Callable[[bytes], bytes]

HERE = "rfc4954/5/"


@defect(
    RelaySession.takes,
    only={"AUTH"},
    proves={
        HERE + "believed_submitter_is_passed_on*",
        HERE + "stranger_counts_as_nobody_at_the_next_hop*",
        HERE + "unknown_submitter_stays_unknown*",
    },
    also={"rfc4954/5/else-empty"},
)
def auth_parameter_is_never_passed_on(clean: Callable[[bytes], bool], session: RelaySession, keyword: bytes) -> bool:
    """Says nothing of the submitter at its next hop."""
    del clean, session, keyword
    return False


@defect(
    Authentication.auth_submitter,
    proves={
        HERE + "submitter_named_by_a_stranger_goes_no_further*",
        HERE + "stranger_counts_as_nobody_at_the_next_hop[somebody]",
    },
)
def strangers_are_believed(clean: Submitter, session: Authentication, said: bytes | None) -> bytes:
    """Passes on what anybody says of the submitter."""
    del session
    return clean(said) if said is None else said


@defect(
    Authentication.auth_submitter,
    proves={HERE + "stranger_counts_as_nobody_at_the_next_hop[nothing-said]"},
    also={"rfc4954/5/else-empty"},
)
def unknown_submitter_is_the_postmaster(clean: Submitter, session: Authentication, said: bytes | None) -> bytes:
    """Names the postmaster where nobody has said who the submitter is."""
    value = clean(said)
    del session
    return b"postmaster@" + LOGIN_DOMAIN if said is None and value == b"<>" else value


@defect(
    Authentication.auth_submitter,
    proves={
        HERE + "client_that_names_nobody_is_not_the_submitter*",
        HERE + "unknown_submitter_stays_unknown*",
    },
)
def client_that_names_nobody_is_the_submitter(clean: Submitter, session: Authentication, said: bytes | None) -> bytes:
    """Takes AUTH=<> for no parameter, and names the client."""
    return clean(None if said is not None and decoded(said) == b"<>" and session.identity else said)


@defect(Authentication.auth_generated, varies={HERE + "submitter_may_be_made_of_the_client"})
def no_mailbox_is_made_of_a_client(clean: Generate, session: Authentication, identity: bytes) -> bytes:
    """Names nobody where its client does not say who the submitter is."""
    del clean, session, identity
    return b"<>"


@defect(
    Authentication.auth_generated,
    proves={
        HERE + "submitter_made_of_the_client_is_a_mailbox[mailbox]",
        HERE + "parameter_on_the_way_is_a_mailbox_or_nobody*",
    },
    also={"rfc4954/5/value-is-xtext"},
)
def client_without_its_domain_is_the_submitter(clean: Generate, session: Authentication, identity: bytes) -> bytes:
    """Names the client as it logged in, without a domain."""
    del session
    return clean(identity).partition(b"@")[0]


@defect(
    Authentication.auth_generated,
    proves={HERE + "submitter_made_of_the_client_is_a_mailbox[xtext]"},
    also={"rfc4954/8/mailbox-or-empty", "rfc4954/5/generated-syntax", "rfc4954/5/value"},
)
def mailbox_made_of_a_client_is_no_xtext(clean: Generate, session: Authentication, identity: bytes) -> bytes:
    """Puts an equals sign into the mailbox that it makes, and does not encode it."""
    del session
    value = clean(identity)
    return value if value == b"<>" else b"user=" + value


@defect(Authentication.auth_generated, proves={HERE + "client_without_a_mailbox_counts_as_nobody"})
def mailbox_made_of_a_client_is_not_ascii(clean: Generate, session: Authentication, identity: bytes) -> bytes:
    """Makes a mailbox of a name outside ASCII, too."""
    value = clean(identity)
    del session
    return encoded(identity + b"@" + LOGIN_DOMAIN) if value == b"<>" else value


@defect(
    RelaySession.onward,
    only={"AUTH"},
    proves={"rfc4954/5/parameter_on_the_way_is_a_mailbox_or_nobody*"},
    also={"rfc4954/5/pass-on-trusted"},
)
def submitter_is_passed_on_decoded(
    clean: Callable[[bytes, bytes], bytes], session: RelaySession, keyword: bytes, value: bytes
) -> bytes:
    """Passes the submitter on without the encoding."""
    del session
    return decoded(clean(keyword, value))


@defect(
    RelaySession.onward,
    only={"AUTH"},
    proves={
        "rfc4954/5/parameter_on_the_way_is_a_mailbox_or_nobody*",
        "rfc4954/5/submitter_made_of_the_client_is_a_mailbox*",
    },
    also={"rfc4954/5/*"},
)
def submitter_is_passed_on_as_a_word(
    clean: Callable[[bytes, bytes], bytes], session: RelaySession, keyword: bytes, value: bytes
) -> bytes:
    """Says yes in the place of the submitter."""
    del clean, session, keyword, value
    return b"yes"


@defect(Mailer.list_submitter, varies={HERE + "list_may_be_the_submitter"})
def list_passes_the_submitter_on(
    clean: Callable[[Copy, bytes], bytes], session: Mailer, copy: Copy, name: bytes
) -> bytes:
    """Names the message's own submitter in what a list sends on."""
    del session
    return copy.parameters.of(b"AUTH") or clean(copy, name)
