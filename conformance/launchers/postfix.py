"""Postfix, from Debian's package."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer

POSTFIX = DebianServer(
    name="postfix",
    title="Postfix",
    origin="Debian's package postfix",
    packages=("postfix", "sasl2-bin", "libsasl2-modules"),
    templates="postfix",
    routes=True,
    login=True,
    facts={"recipient_delimiter": "+"},
    deviations=(
        "mynetworks is empty: no client address is trusted",
        "smtpd_relay_restrictions rejects (554) where Debian's package defers (454) mail for other domains",
        "smtpd_sasl_auth_enable is on, with a password file and PLAIN and LOGIN, for which smtpd leaves its chroot",
        "home_mailbox is Maildir/",
        "inet_protocols is ipv4",
        "aliases has a name of 64 octets for alice, and transport_maps sends mail for our sender's domain to us",
    ),
)
