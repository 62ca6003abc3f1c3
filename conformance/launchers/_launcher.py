"""What a launcher is: how one server is installed, configured and started, and what is known of it then."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import conformance
from conformance.launchers._site import (
    CREDENTIALS,
    ROUTED_DOMAIN,
    Site,
    account_facts,
    certificate_facts,
    common_facts,
    submissions_facts,
    submit_facts,
)
from conformance.target import Target, make_target

ON_LOOPBACK = "listens on 127.0.0.1 alone, at a port of its own"
OUR_NAMES = "resolves names through our own name server alone"
OTHER_HOPS = (
    "relays extended.example.test and bare.example.test too, to next hops with all extensions and with hardly any"
)
SUBMISSIONS = "relays submissions.example.test to a host of that name, under implicit TLS that has to verify"
ACCOUNT = "relays account.example.test to a host of that name, where it has an account, under TLS that has to verify"
CERTIFICATES = "asks clients for a certificate, and trusts an authority of ours"
COMMON = (
    ON_LOOPBACK,
    "is mail.example.test, the final destination of example.test, and relays relay.example.test to the next hop",
    "offers STARTTLS with a throw-away certificate",
)
"""What is changed in the configuration of every server, in the words of a report."""
ROUTED = (
    "is in a network namespace of its own, at port 25",
    f"relays mail for names below {ROUTED_DOMAIN} where the MX records of the run's name server say",
)
"""What is changed besides where it is in a network of its own."""
IN_ROOMS = ("its queue and its mailboxes are on file systems of their own, in memory",)
"""What is changed besides where these can be made full."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A server that is installed: its version, and where."""

    version: str
    place: Path


@dataclass(frozen=True, slots=True)
class Start:
    """How a server is started: a command, and a root of its own where ``layer`` names what was installed into one.

    ``files`` are laid into that root, or into the server's folder; ``binds`` are folders seen in the root at a path.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    layer: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    binds: Mapping[str, str] = field(default_factory=dict)
    name_server: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher(ABC):
    """One server that we can start by ourselves.

    ``deviations`` say, one by one, what its set-up changes in the package's defaults beside ``COMMON``; ``facts`` are
    those of a target file that differ from the common ones, ``None`` for a fact that this server lacks. ``login``
    tells one that takes our credentials, ``routes`` one that can send mail where MX records say, ``account`` one that
    authenticates under TLS at a next hop, ``submissions`` one that verifies a next hop under implicit TLS,
    ``certificates`` one that asks clients for a certificate, ``submits`` one whose local users have a program that
    hands over messages, ``request_field`` what asks for a notification there. ``queue`` is where its queue is in a root
    of its own.
    """

    name: str
    title: str
    origin: str
    """What it is installed from, in words."""
    changes: tuple[str, ...] = COMMON
    deviations: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    login: bool = False
    routes: bool = False
    account: bool = False
    submissions: bool = False
    certificates: bool = False
    submits: bool = False
    request_field: str = ""
    queue: str = ""
    scheme: str = "smtp"
    for_version: str = ""
    """The version that is asked for; empty is the one at hand, or the newest."""

    @property
    def set_up(self) -> tuple[str, ...]:
        """All that its set-up changes in the package's defaults."""
        return (*self.changes, *self.deviations)

    @abstractmethod
    def install(self) -> Installed:
        """Install it where it is not yet.

        Raises:
            LaunchError: that can't be done here.
        """

    @abstractmethod
    def start(self, installed: Installed, site: Site) -> Start:
        """How it is started at this site."""

    def target(self, installed: Installed, site: Site) -> Target:
        """What is known of it once it listens."""
        facts: dict[str, Any] = {
            "address": f"{self.scheme}://127.0.0.1:{site.port}",
            "name": self.name,
            "version": installed.version,
            "set_up": (*self.set_up, *(ROUTED if site.routed else ()), *(IN_ROOMS if site.rooms else ())),
            **common_facts(site),
            **({"credentials": CREDENTIALS} if self.login else {}),
            **(account_facts(site) if self.account else {}),
            **(submissions_facts(site) if self.submissions else {}),
            **(certificate_facts(site) if self.certificates else {}),
            **(submit_facts(site, self.request_field) if self.submits else {}),
            **self.facts,
        }
        stated = {name.replace("_", "-"): value for name, value in facts.items() if value is not None}
        return make_target(stated, self.name)


def our_environment() -> dict[str, str]:
    """The environment of a program of ours that the same Python runs."""
    ours = str(Path(conformance.__file__).parents[1])
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([ours, *([before] if before else [])])}
