"""Postfix, from Debian's package."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer
from conformance.launchers._launcher import ACCOUNT, CERTIFICATES, OTHER_HOPS

POSTFIX = DebianServer(
    name="postfix",
    title="Postfix",
    origin="Debian's package postfix",
    packages=("postfix", "sasl2-bin", "libsasl2-modules"),
    templates="postfix",
    routes=True,
    login=True,
    account=True,
    certificates=True,
    facts={"recipient_delimiter": "+", "client_trusted": False},
    deviations=(
        OTHER_HOPS,
        ACCOUNT,
        "smtp_sasl_security_options is noanonymous: PLAIN is a mechanism for it too",
        "mail goes there by a copy of its smtp service, for which no failure counts against the host",
        CERTIFICATES,
        "smtpd_tls_received_header is on",
        "mynetworks is empty: no client address is trusted",
        "local_header_rewrite_clients is empty: nor does a client on loopback get its header completed",
        "smtpd_relay_restrictions rejects (554) where Debian's package defers (454) mail for other domains",
        "smtpd_sasl_auth_enable is on, with a password file and PLAIN and LOGIN, for which smtpd leaves its chroot",
        "home_mailbox is Maildir/",
        "inet_protocols is ipv4",
        "aliases has a name of 64 octets for alice, and transport_maps sends mail for our sender's domain to us",
    ),
)
