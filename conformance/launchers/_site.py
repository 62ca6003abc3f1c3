"""The site that every launched server serves, and what its configuration is made from."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

import conformance
from conformance.launchers._network import EXCHANGERS
from conformance.launchers._rooms import MAIL, QUEUE
from conformance.launchers.programs import local_user
from conformance.target import Credentials

HOST = "mail.example.test"
DOMAIN = "example.test"
RELAY_DOMAIN = "relay.example.test"
ROUTED_DOMAIN = "mx.example.test"
"""In a network of its own: mail for names below it goes where their MX records say."""
EXTENDED_DOMAIN = "extended.example.test"
BARE_DOMAIN = "bare.example.test"
ACCOUNT_DOMAIN = "account.example.test"
"""Mail for it goes to the host of this name, where a server with an account authenticates under TLS."""
SUBMISSIONS_DOMAIN, SUBMISSIONS_ADDRESS = "submissions.example.test", "127.0.0.6"
"""Mail for it goes to the host of this name under implicit TLS, which a server that can has to verify."""
ACCOUNT_USER, ACCOUNT_PASSWORD = "relay", "looking-glass"
ACCOUNT_PASSWORD_FROM = "SMTP_CONFORMANCE_ACCOUNT_PASSWORD"  # noqa: S105 - the name of a variable
CERTIFIED = "client.example.test"
"""The name on the certificate that we can show to a server."""
LMTP_DOMAIN, LMTP_ADDRESS = "lmtp.example.test", "127.0.0.5"
"""Passed on by LMTP, by servers that can do that, to this address and the port of the next hop."""
EXTENDED_ADDRESS, BARE_ADDRESS, ACCOUNT_ADDRESS = "127.0.0.2", "127.0.0.3", "127.0.0.4"
"""Where mail for these domains goes, at the port of the next hop: there we offer all extensions, none, and AUTH."""
NO_OTHER_HOPS = dict.fromkeys(("extended_domain", "extended_next_hop", "bare_domain", "bare_next_hop", "lmtp_next_hop"))
NO_NEXT_HOPS = {"relay_domains": None, "next_hop": None, **NO_OTHER_HOPS}
"""The facts of a server that relays nothing, or to one next hop only."""
SENDER_DOMAIN = "client.example.test"
"""Where our sender is: what is sent back to it comes to a port of ours."""
USERS = ("alice", "bob", "postmaster")
SUBMITS = "alice"
"""The user who hands messages over."""
LONG_LOCAL = "a" * 64
"""Another name of alice's: the longest local-part that every server has to take (RFC 5321 §4.5.3.1.1)."""

UTF8_LOCAL = "jürgen"
"""One more name of alice's, at servers that can have one outside ASCII (RFC 6531)."""

REFUSED_CONTENT = "This content is refused"
DEFERRED_CONTENT = "This content is put off"
"""Sentences that servers are told to refuse at the end of a message, for good and for now, where they can."""
CONTENT_FACTS = {"refused_content": REFUSED_CONTENT, "temporarily_refused_content": DEFERRED_CONTENT}

LOGIN = f"alice@{DOMAIN}"
PASSWORD_FROM = "SMTP_CONFORMANCE_PASSWORD"  # noqa: S105 - the name of a variable
PASSWORD = "wonderland"  # noqa: S105 - of a mailbox that ends with its server


def password() -> str:
    """The password of ``LOGIN``: from the environment, which also gets it where it has none."""
    return os.environ.setdefault(PASSWORD_FROM, PASSWORD)


def account_password() -> str:
    """What a server says at the next hop where it has an account, as ``password``."""
    return os.environ.setdefault(ACCOUNT_PASSWORD_FROM, ACCOUNT_PASSWORD)


@dataclass(frozen=True, slots=True)
class Site:
    """One server to be: its folder, its port, and those at which we take what it relays and what it sends back.

    All are ports of 127.0.0.1; ``spare_port`` is for a second service of the same server. Our name server is at
    ``name_server``, port 53, where that may be had, else at ``name_server_port``, for servers that can be told one.
    ``routed`` says that the server is in a network of its own, where mail is routed by what our name server says,
    ``rooms`` that its queue and its mailboxes are on file systems of their own, which can be made full.
    """

    folder: Path
    port: int
    spare_port: int
    next_hop_port: int
    bounces_port: int
    name_server_port: int
    name_server: str
    routed: bool = False
    rooms: bool = False

    @property
    def mail(self) -> Path:
        """Where the users' Maildirs are."""
        return self.folder / MAIL

    @property
    def queue(self) -> Path:
        """Where its queue is, if that is on a file system of its own."""
        return self.folder / QUEUE

    @property
    def logs(self) -> Path:
        """Where its logs are."""
        return self.folder / "logs"

    @property
    def certificate(self) -> Path:
        """Its throw-away certificate."""
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        """The key of the certificate."""
        return self.folder / "key.pem"

    @property
    def authority(self) -> Path:
        """The certificate and key of who signs for our next hop and for us."""
        return self.folder / "authority.pem"

    @property
    def client_certificate(self) -> Path:
        """A certificate of ours and its key."""
        return self.folder / "client.pem"

    @property
    def words(self) -> dict[str, Any]:
        """What a template can say."""
        return {
            "host": HOST,
            "domain": DOMAIN,
            "relay_domain": RELAY_DOMAIN,
            "routed_domain": ROUTED_DOMAIN if self.routed else "",
            "next_hops": {
                RELAY_DOMAIN: "127.0.0.1",
                EXTENDED_DOMAIN: EXTENDED_ADDRESS,
                BARE_DOMAIN: BARE_ADDRESS,
            },
            "account_domain": ACCOUNT_DOMAIN,
            "submissions_domain": SUBMISSIONS_DOMAIN,
            "account_user": ACCOUNT_USER,
            "account_password": account_password(),
            "extended_domain": EXTENDED_DOMAIN,
            "lmtp_domain": LMTP_DOMAIN,
            "lmtp_address": LMTP_ADDRESS,
            "sender_domain": SENDER_DOMAIN,
            "users": USERS,
            "long_local": LONG_LOCAL,
            "utf8_local": UTF8_LOCAL,
            "refused_content": REFUSED_CONTENT,
            "deferred_content": DEFERRED_CONTENT,
            "login": LOGIN,
            "password": password(),
            "port": self.port,
            "spare_port": self.spare_port,
            "next_hop_port": self.next_hop_port,
            "bounces_port": self.bounces_port,
            "name_server": self.name_server,
            "folder": self.folder,
            "mail": self.mail,
            "certificate": self.certificate,
            "key": self.key,
        }


def common_facts(site: Site) -> dict[str, Any]:
    """What is true of each server that we launch, where its launcher does not say otherwise.

    Whether it trusts us is not said: we come from its own host, which some servers take for one of theirs.
    """
    return {
        "ehlo_name": SENDER_DOMAIN,
        "domains": (DOMAIN, HOST),
        "postmaster_domains": (DOMAIN, HOST),
        "mailboxes": tuple(f"{user}@{DOMAIN}" for user in USERS),
        "long_mailbox": f"{LONG_LOCAL}@{DOMAIN}",
        "refused": f"unknown@{DOMAIN}",
        "relay_domains": (RELAY_DOMAIN,),
        "next_hop": f"127.0.0.1:{site.next_hop_port}",
        "extended_domain": EXTENDED_DOMAIN,
        "extended_next_hop": f"{EXTENDED_ADDRESS}:{site.next_hop_port}",
        "bare_domain": BARE_DOMAIN,
        "bare_next_hop": f"{BARE_ADDRESS}:{site.next_hop_port}",
        "lmtp_next_hop": f"{LMTP_ADDRESS}:{site.next_hop_port}",
        "sender": f"sender@{SENDER_DOMAIN}",
        "sender_domains": (SENDER_DOMAIN,),
        "sender_verification": False,
        "content_filter": False,
        "timers": "default",
        "delivery_within": 15.0,
        "bounces": {"kind": "smtp-sink", "where": f"127.0.0.1:{site.bounces_port}"},
        "store": {"kind": "maildir", "where": f"{site.mail}/*/Maildir"},
        "process": {
            verb: _command(verb, site.folder) for verb in (*PROCESS_VERBS, *(ROOM_VERBS if site.rooms else ()))
        },
        **(_routing_facts(site) if site.routed else {}),
    }


PROCESS_VERBS = ("kill", "stop", "start")
ROOM_VERBS = ("fill-queue", "fill-mailboxes", "make-room")


def _command(verb: str, folder: Path) -> tuple[str, ...]:
    """The command that does this to the server with this folder; it needs nothing of its surroundings."""
    ours = Path(conformance.__file__).parents[1]
    program = ("env", f"PYTHONPATH={ours}", sys.executable, "-m", "conformance.launchers.programs.process")
    return (*program, verb, str(folder))


def _routing_facts(site: Site) -> dict[str, Any]:
    return {
        "dns_domains": (ROUTED_DOMAIN,),
        "exchangers": tuple(f"{address}:25" for address in EXCHANGERS),
        "name_server": f"{site.name_server}:53",
        "own_network": True,
    }


def account_facts(site: Site) -> dict[str, Any]:
    """What is true of a server that authenticates under TLS at its next hop, and trusts our authority there."""
    return {
        "account_domain": ACCOUNT_DOMAIN,
        "account_next_hop": f"{ACCOUNT_ADDRESS}:{site.next_hop_port}",
        "account_authority": str(site.authority),
        "account_verified": True,
    }


def submissions_facts(site: Site) -> dict[str, Any]:
    """What is true of a server that gives mail to a submission server of ours, whose certificate it verifies."""
    return {
        "submissions_domain": SUBMISSIONS_DOMAIN,
        "submissions_next_hop": f"{SUBMISSIONS_ADDRESS}:{site.next_hop_port}",
        "account_authority": str(site.authority),
    }


def certificate_facts(site: Site) -> dict[str, Any]:
    """What is true of a server that asks a client for a certificate and trusts our authority."""
    return {"client_certificate": str(site.client_certificate), "client_certificate_name": CERTIFIED}


def submit_facts(site: Site, request_field: str) -> dict[str, Any]:
    """What is true of a server in a root of its own whose users have a ``sendmail`` for messages without envelopes."""
    program = (sys.executable, "-I", local_user.__file__, str(site.folder), SUBMITS)
    command = (*program, "sendmail", "-t", "-i")
    known = {"command": command, "user": f"{SUBMITS}@{DOMAIN}", "return-path-option": "-f"}
    return {"submit": known | ({"request-field": request_field} if request_field else {})}


ACCOUNT_CREDENTIALS = Credentials(user=ACCOUNT_USER, password_from=ACCOUNT_PASSWORD_FROM)
CREDENTIALS = Credentials(user=LOGIN, password_from=PASSWORD_FROM)


def rendered(templates: str, site: Site) -> dict[str, str]:
    """The files of a server's configuration, by their names in the package's folder of this name."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.launchers", f"templates/{templates}"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - configuration files, and the words are ours
    )
    names = environment.list_templates(filter_func=lambda name: name.endswith(".j2"))
    return {name.removesuffix(".j2"): environment.get_template(name).render(site.words) for name in names}
