"""Our own next hop: an SMTP and LMTP server that a scenario scripts, and that keeps every octet as it came."""

from conformance.hop._authentication import Authentication
from conformance.hop._certificates import Authority, CertificateError
from conformance.hop._hop import (
    ACCOUNT_OFFERS,
    ALL_OFFERS,
    BARE_OFFERS,
    BARE_SIZE,
    LEAST_BY,
    HopError,
    HopOfToken,
    Listening,
    NextHop,
)
from conformance.hop._old_tls import old_tls, speak_old_versions
from conformance.hop._records import Command, HopConnection, Protocol, Received, Recipient, Transaction, tokens_in
from conformance.hop._rules import EVERYONE, Rule, Step, Then, reply_octets
from conformance.hop._session import LayerOffer

__all__ = [
    "ACCOUNT_OFFERS",
    "ALL_OFFERS",
    "BARE_OFFERS",
    "BARE_SIZE",
    "EVERYONE",
    "LEAST_BY",
    "Authentication",
    "Authority",
    "CertificateError",
    "Command",
    "HopConnection",
    "HopError",
    "HopOfToken",
    "LayerOffer",
    "Listening",
    "NextHop",
    "Protocol",
    "Received",
    "Recipient",
    "Rule",
    "Step",
    "Then",
    "Transaction",
    "old_tls",
    "reply_octets",
    "speak_old_versions",
    "tokens_in",
]
