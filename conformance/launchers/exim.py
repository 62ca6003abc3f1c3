"""Exim, from Debian's heavy package, with Debian's own configuration in one file."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer

EXIM = DebianServer(
    name="exim",
    title="Exim",
    origin="Debian's package exim4-daemon-heavy",
    packages=("exim4-daemon-heavy",),
    templates="exim",
    routes=True,
    login=True,
    deviations=(
        "Debian's configuration for an internet site, in one file, delivering into Maildirs",
        "MAIN_RELAY_NETS is empty: no client address is trusted",
        "the router for relayed domains has self = send, as the next hop is on this host",
        "two authenticators, PLAIN and LOGIN, know one user and are offered in clear",
    ),
)
