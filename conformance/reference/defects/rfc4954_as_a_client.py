"""Defects of a relay that gives AUTH at its next hop (RFC 4954)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._login import Login
from conformance.reference._relay import RelaySession
from conformance.reference._verification import Shown
from conformance.wire import CRLF, Reply

OfOctets = Callable[[bytes], bytes]
Yes = Callable[[], bool]
Words = Callable[[], tuple[bytes, ...]]
Behind = Callable[[str, bytes | None], bytes]
Trust = Callable[[Shown], bool]

HERE = "rfc4954/4/"
PLAIN = "rfc4954/14/plain_is_not_used_with_a_stranger"
USED = "rfc4954/14/plain_is_used_where_a_name_matches"


@defect(Login.login_initial, proves={HERE + "initial_response_at_the_next_hop_is_encoded[client-first]"})
def initial_response_is_url_safe(clean: OfOctets, session: Login, octets: bytes) -> bytes:
    """Encodes initial responses in the alphabet for URLs, without pads."""
    del clean, session
    return base64.urlsafe_b64encode(octets).rstrip(b"=") + b"-" if octets else b"="


@defect(
    Login.login_initial,
    proves={
        HERE + "empty_initial_response_is_an_equals_sign",
        HERE + "initial_response_at_the_next_hop_is_encoded[empty]",
    },
)
def empty_initial_response_is_nothing(clean: OfOctets, session: Login, octets: bytes) -> bytes:
    """Gives an initial response of no octets as no octets."""
    del session
    return clean(octets) if octets else b""


@defect(
    Login.login_gives_initial,
    proves={
        HERE + "long_response_is_no_initial_response",
        HERE + "auth_at_the_next_hop_is_in_order[length]",
    },
)
def initial_response_is_always_given(
    clean: Callable[[bytes, bytes], bool], session: Login, line: bytes, first: bytes
) -> bool:
    """Gives an initial response however long the command gets."""
    del clean, session, line, first
    return True


@defect(
    Login.login_auth_line,
    proves={HERE + "auth_with_a_challenge_first_is_in_order[length]"},
    also={"rfc4954/*"},
)
def auth_command_is_padded(clean: Callable[[str], bytes], session: Login, name: str) -> bytes:
    """Pads the AUTH command with blanks."""
    del session
    return clean(name) + b" " * 600


@defect(
    Login.login_response,
    proves={
        HERE + "auth_at_the_next_hop_is_in_order[responses]",
        HERE + "auth_with_a_challenge_first_is_in_order[responses]",
    },
    also={"rfc4954/9/configured-never-to-send"},
)
def response_has_words_behind_it(clean: OfOctets, session: Login, octets: bytes) -> bytes:
    """Puts a word behind each response."""
    del session
    return clean(octets) + b" over"


@defect(
    Login.login_after_success,
    proves={HERE + "auth_at_the_next_hop_is_in_order[once]", HERE + "auth_with_a_challenge_first_is_in_order[once]"},
)
def second_auth_follows_the_first(clean: Words, session: Login) -> tuple[bytes, ...]:
    """Gives AUTH again after it has succeeded."""
    del clean, session
    return (b"AUTH EXTERNAL =",)


@defect(
    RelaySession.before_recipients,
    proves={
        HERE + "auth_at_the_next_hop_is_in_order[outside-transactions]",
        HERE + "auth_with_a_challenge_first_is_in_order[outside-transactions]",
    },
    also={"rfc4954/4/client-no-second-auth", "rfc5321/*"},
)
def auth_is_given_between_mail_and_rcpt(clean: Words, session: RelaySession) -> tuple[bytes, ...]:
    """Gives AUTH once more in the transaction."""
    return (*clean(), b"AUTH EXTERNAL =") if session.login else clean()


@defect(
    Login.login_behind_auth,
    proves={
        HERE + "auth_at_the_next_hop_is_in_order[last-of-a-group]",
        HERE + "auth_with_a_challenge_first_is_in_order[last-of-a-group]",
        "rfc2920/3.1/command_of_another_extension_is_the_last_of_its_group[auth]",
    },
    also={"rfc4954/*", "rfc3207/*"},
)
def noop_goes_out_together_with_auth(clean: Behind, session: Login, name: str, first: bytes | None) -> bytes:
    """Sends NOOP in one group with AUTH."""
    del clean, session, name, first
    return b"NOOP" + CRLF


@defect(Login.login_challenge, proves={HERE + "challenge_that_is_not_base64_is_cancelled*"})
def challenge_is_taken_as_it_is(clean: OfOctets, session: Login, text: bytes) -> bytes:
    """Takes a challenge that is not base64 for what it stands for."""
    del clean, session
    try:
        return base64.b64decode(text)
    except ValueError:
        return text


@defect(Login.login_cancel, proves={HERE + "challenge_that_is_not_base64_is_cancelled*"})
def exchange_is_given_up_with_an_empty_line(clean: Callable[[], bytes], session: Login) -> bytes:
    """Answers what it can't follow with an empty line."""
    del clean, session
    return b""


@defect(
    Login.login_goes_on_unknown,
    proves={
        "rfc4954/9/no_mail_goes_to_whom_nobody_knows[auth-*]",
    },
    varies={HERE + "relay_may_go_on_without_authentication"},
    also={"rfc3207/*", "rfc4954/*"},
)
def mail_goes_without_authentication(clean: Yes, session: Login) -> bool:
    """Sends mail though nobody could authenticate."""
    del clean, session
    return True


@defect(
    Login.login_goes_on_unknown,
    name="mail-goes-to-anybody",
    proves={"rfc4954/9/no_mail_goes_to_whom_nobody_knows*"},
    also={"rfc3207/*", "rfc4954/*"},
)
def mail_goes_to_whom_nobody_knows(clean: Yes, session: Login) -> bool:
    """Sends mail without authentication."""
    del clean, session
    return True


@defect(Login.login_goes_on_in_clear, name="mail-goes-to-anybody")
def mail_goes_in_clear_to_whom_nobody_knows(clean: Yes, session: Login) -> bool:
    """Sends mail in clear, too."""
    del clean, session
    return True


@defect(
    Login.login_tries_another,
    proves={HERE + "mechanism_called_too_weak_is_replaced"},
    varies={HERE + "relay_may_try_another_mechanism"},
)
def refused_auth_is_the_last(clean: Callable[[Reply], bool], session: Login, reply: Reply) -> bool:
    """Tries one mechanism and no other."""
    del clean, session, reply
    return False


# Certificates.


@defect(
    Login.login_trusts,
    proves={PLAIN + "[somebody-else-signed]", PLAIN + "[expired]"},
    also={"rfc3207/4.1/client-quits-when-too-weak", "rfc3207/6/client-can-require-tls"},
)
def every_certificate_is_trusted(clean: Trust, session: Login, peer: Shown) -> bool:
    """Trusts a certificate whoever signed it, and whenever."""
    del clean, session, peer
    return True


@defect(
    Login.login_is_meant,
    proves={PLAIN + f"[{case}]" for case in ("another-name", "name-*", "star-*", "common-name-*")},
    varies={"rfc3207/4.1/relay_may_compare_the_name"},
    also={"rfc3207/4.1/client-quits-when-too-weak", "rfc4954/14/*"},
)
def names_are_not_compared(clean: Trust, session: Login, peer: Shown) -> bool:
    """Does not look at the names of a certificate."""
    del clean, session, peer
    return True


@defect(
    Login.login_host,
    proves={PLAIN + "[name-of-the-greeting]", PLAIN + "[name-that-came-insecurely]"},
    also={"rfc4954/*", "rfc3207/*"},
)
def name_of_the_greeting_is_compared(clean: Callable[[], str], session: Login) -> str:
    """Compares the name by which the next hop greets."""
    del clean
    return session.talk.remote.decode("ascii", "replace")


@defect(
    Login.login_matches,
    proves={PLAIN + "[name-above]"},
)
def name_above_matches(clean: Callable[[str, str], bool], session: Login, name: str, host: str) -> bool:
    """Takes the name of the domain above for the host's."""
    del session
    return clean(name, host) or host.lower().endswith("." + name.lower())


@defect(Login.login_matches, proves={PLAIN + "[name-begins-alike]"})
def name_that_begins_alike_matches(clean: Callable[[str, str], bool], session: Login, name: str, host: str) -> bool:
    """Takes a name that begins with the host's for it."""
    del session
    return clean(name, host) or name.lower().startswith(host.lower())


@defect(Login.login_matches, proves={PLAIN + "[name-below]", PLAIN + "[star-below]"})
def name_below_matches(clean: Callable[[str, str], bool], session: Login, name: str, host: str) -> bool:
    """Takes a name below the host's for it."""
    del session
    return clean(name, host) or name.lower().endswith("." + host.lower())


@defect(Login.login_matches, proves={PLAIN + "[star-for-another-domain]"})
def star_matches_everything(clean: Callable[[str, str], bool], session: Login, name: str, host: str) -> bool:
    """Takes a name with a star for any host's."""
    del session
    return clean(name, host) or name.startswith("*.")


@defect(Login.login_matches, proves={USED + "[capitals]"})
def names_match_in_small_letters_only(clean: Callable[[str, str], bool], session: Login, name: str, host: str) -> bool:
    """Tells capitals from small letters in names."""
    del session
    return name == name.lower() and clean(name, host)


@defect(Login.login_matches, varies={"rfc4954/14/star_may_stand_for_the_first_label"})
def star_means_nothing(clean: Callable[[str, str], bool], session: Login, name: str, host: str) -> bool:
    """Does not know stars in names."""
    del session
    return not name.startswith("*") and clean(name, host)


@defect(Login.login_names, proves={USED + "[second-name]", USED + "[last-of-four]"})
def first_name_counts(clean: Callable[[Shown], tuple[str, ...]], session: Login, peer: Shown) -> tuple[str, ...]:
    """Looks at the first dNSName of a certificate and at no other."""
    del session
    return clean(peer)[:1]


@defect(
    Login.login_names,
    proves={PLAIN + "[common-name-*]", USED + "[dnsname-beside-another-common-name]"},
    also={"rfc4954/*", "rfc3207/*"},
)
def common_name_counts(clean: Callable[[Shown], tuple[str, ...]], session: Login, peer: Shown) -> tuple[str, ...]:
    """Looks at the common name of a certificate wherever there is one."""
    del session
    return (peer.common_name,) if peer.common_name.count(".") else clean(replace(peer))
