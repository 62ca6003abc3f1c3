"""OpenSMTPD, from Debian's package."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer

OPENSMTPD = DebianServer(
    name="opensmtpd",
    title="OpenSMTPD",
    origin="Debian's package opensmtpd",
    packages=("opensmtpd",),
    templates="opensmtpd",
    facts={"recipient_delimiter": "+"},
    deviations=(
        "the configuration is a whole one of ours: rules match mail from any client, as a rule without that trusts "
        "this host",
        "no AUTH: it takes that under TLS only, and this version's TLS fails at every handshake (its issue 1239)",
    ),
)
