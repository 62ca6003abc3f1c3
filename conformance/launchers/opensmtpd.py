"""OpenSMTPD, from Debian's package."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer
from conformance.launchers._launcher import OTHER_HOPS

OPENSMTPD = DebianServer(
    name="opensmtpd",
    title="OpenSMTPD",
    origin="Debian's package opensmtpd",
    packages=("opensmtpd",),
    templates="opensmtpd",
    queue="/var/spool/smtpd",
    routes=True,
    submits=True,
    facts={
        "recipient_delimiter": "+",
        # It opens a connection to a next hop every five seconds, and up to five: what a whole run sends waits in line.
        "delivery_within": 40.0,
    },
    deviations=(
        OTHER_HOPS,
        "the configuration is a whole one of ours; its rules trust no client, this host included",
        "no AUTH: it takes that under TLS only, and here every handshake fails (its issue 1239)",
    ),
)
