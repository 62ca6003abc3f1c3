"""Exim, from Debian's heavy package, with Debian's own configuration in one file."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer
from conformance.launchers._launcher import OTHER_HOPS
from conformance.launchers._site import CONTENT_FACTS, DOMAIN

EXIM = DebianServer(
    name="exim",
    title="Exim",
    origin="Debian's package exim4-daemon-heavy",
    packages=("exim4-daemon-heavy",),
    templates="exim",
    queue="/var/spool/exim4",
    routes=True,
    submits=True,
    login=True,
    deviations=(
        OTHER_HOPS,
        "Debian's configuration for an internet site, in one file, delivering into Maildirs",
        "MAIN_RELAY_NETS is empty: no client address is trusted",
        "hubbed_hosts leads to the next hop and to where bounces go, with self = send, as both are on this host",
        "two authenticators, PLAIN and LOGIN, know one user and are offered in clear",
        "aliases for two users, for a user who moved, for a program that fails and for a mailbox that is deferred",
        "one sentence is refused in message bodies, and another is deferred",
    ),
    facts={
        "client_trusted": False,
        "alias": {"address": f"team@{DOMAIN}", "members": [f"alice@{DOMAIN}", f"bob@{DOMAIN}"]},
        "moved": f"carol@{DOMAIN}",
        "temporarily_refused": f"busy@{DOMAIN}",
        "fails_after_acceptance": f"full@{DOMAIN}",
        **CONTENT_FACTS,
        "disabled": ["VRFY"],
        "limits": {"connections": 15},  # of 20: a session counts until its process is gone, which is after the close
    },
)
