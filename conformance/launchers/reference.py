"""Our reference server."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

import conformance
from conformance.launchers._error import LaunchError
from conformance.launchers._launcher import ON_LOOPBACK, Installed, Launcher, Start, our_environment
from conformance.launchers._site import Site
from conformance.reference import BARE_DOMAIN, EXTENDED_DOMAIN, NEXT_HOPS, reference_target
from conformance.target import Store, Submit, Target

_OTHERS = {"extended_next_hop": NEXT_HOPS[EXTENDED_DOMAIN], "bare_next_hop": NEXT_HOPS[BARE_DOMAIN]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLauncher(Launcher):
    """The reference server as it is, with its own site and facts."""

    def install(self) -> Installed:
        """It is a part of us.

        Raises:
            LaunchError: another version is asked for.
        """
        if self.for_version not in {"", conformance.__version__}:
            raise LaunchError(
                f"the reference server is a part of this version, {conformance.__version__}; there is no other here"
            )
        return Installed(conformance.__version__, Path(sys.executable))

    def start(self, installed: Installed, site: Site) -> Start:
        """As a process of its own."""
        words = map(str, (site.port, site.certificate, site.key, site.next_hop_port, site.mail))
        return Start(
            command=(str(installed.place), "-m", "conformance.launchers.programs.reference_program", *words),
            environment=our_environment(),
        )

    def target(self, installed: Installed, site: Site) -> Target:
        """What is known of its site."""
        known = reference_target(
            f"smtp://127.0.0.1:{site.port}",
            next_hop=f"127.0.0.1:{site.next_hop_port}",
            store=Store(kind="maildir", where=f"{site.mail}/*/Maildir"),
        )
        others = {name: f"{place.partition(':')[0]}:{site.next_hop_port}" for name, place in _OTHERS.items()}
        # Over sockets it relays everything to one next hop: it is asked nothing about what it would look up. Nor is it
        # worth a minute of a real clock to see that it gives up. Its way in for local users is in memory.
        return msgspec.structs.replace(
            known,
            version=installed.version,
            set_up=self.set_up,
            account_domain=None,
            submissions_domain=None,
            submissions_next_hop=None,
            lmtp_domain=None,
            lmtp_next_hop=None,
            account_next_hop=None,
            account_authority=None,
            account_verified=False,
            account_long=False,
            relayed_list=None,
            dns_domains=(),
            exchangers=(),
            name_server=None,
            gives_up_within=None,
            submit=Submit(),
            **others,
        )


REFERENCE = ReferenceLauncher(
    name="reference",
    title="the reference server",
    origin="this package: a server of ours, made to be conformant",
    changes=(ON_LOOPBACK, "offers STARTTLS with a throw-away certificate"),
)
