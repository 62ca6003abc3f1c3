"""Dovecot's LMTP server, from Debian's packages."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer
from conformance.launchers._site import NO_OTHER_HOPS

DOVECOT_LMTP = DebianServer(
    name="dovecot-lmtp",
    title="Dovecot LMTP",
    origin="Debian's package dovecot-lmtpd",
    packages=("dovecot-lmtpd", "dovecot-core"),
    templates="dovecot_lmtp",
    scheme="lmtp",
    facts={
        "domains": ("example.test",),
        "postmaster_domains": ("example.test",),
        "recipient_delimiter": "+",
        "bounces": None,
        **NO_OTHER_HOPS,
    },
    deviations=(
        "users are in a password file, and are those of example.test alone; mail is kept in Maildirs",
        "lmtp_proxy is on, for the relayed domain alone",
    ),
)
