"""Postfix, from Debian's package."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer
from conformance.launchers._launcher import ACCOUNT, CERTIFICATES, OTHER_HOPS, SUBMISSIONS
from conformance.launchers._site import CONTENT_FACTS, DOMAIN, EXTENDED_DOMAIN, LMTP_DOMAIN, UTF8_LOCAL

POSTFIX = DebianServer(
    name="postfix",
    title="Postfix",
    origin="Debian's package postfix",
    packages=("postfix", "sasl2-bin", "libsasl2-modules"),
    templates="postfix",
    queue="/var/spool/postfix",
    routes=True,
    submits=True,
    login=True,
    account=True,
    submissions=True,
    certificates=True,
    facts={
        "recipient_delimiter": "+",
        "client_trusted": False,
        "lmtp_domain": LMTP_DOMAIN,
        "utf8_mailbox": f"{UTF8_LOCAL}@{DOMAIN}",
        "alias_elsewhere": {"address": f"desk@{DOMAIN}", "members": [f"clerk@{EXTENDED_DOMAIN}"]},
        "list_elsewhere": {
            "address": f"circle@{DOMAIN}",
            "members": [f"reader@{EXTENDED_DOMAIN}", f"writer@{EXTENDED_DOMAIN}"],
            "owner": f"postmaster@{DOMAIN}",
        },
        **CONTENT_FACTS,
    },
    deviations=(
        OTHER_HOPS,
        ACCOUNT,
        SUBMISSIONS,
        "smtp_sasl_security_options is noanonymous: PLAIN is a mechanism for it too",
        "mail goes there by a copy of its smtp service, for which no failure counts against the host",
        CERTIFICATES,
        "smtpd_tls_received_header is on",
        "mynetworks is empty: no client address is trusted",
        "local_header_rewrite_clients is empty: nor does a client on loopback get its header completed",
        "smtpd_relay_restrictions rejects (554) where Debian's package defers (454) mail for other domains",
        "smtpd_sasl_auth_enable is on, with a password file and PLAIN, LOGIN and DIGEST-MD5, outside smtpd's chroot",
        "home_mailbox is Maildir/",
        "inet_protocols is ipv4",
        "body_checks refuses one sentence, and another for now",
        "aliases has a name of 64 octets for alice, one for a user at a next hop and a list with an owner there",
        "virtual_alias_maps has a name outside ASCII for alice",
        "transport_maps sends mail for our sender's domain to us, and for one relayed domain by LMTP",
    ),
)
