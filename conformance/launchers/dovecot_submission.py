"""Dovecot's submission server, from Debian's packages, with Postfix behind it."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer
from conformance.launchers._site import NO_NEXT_HOPS

DOVECOT_SUBMISSION = DebianServer(
    name="dovecot-submission",
    title="Dovecot submission",
    origin="Debian's package dovecot-submissiond, with postfix behind it",
    packages=("dovecot-submissiond", "dovecot-core", "postfix"),
    templates="dovecot_submission",
    scheme="submission",
    login=True,
    # What is delivered and relayed has been in Postfix's hands, and tells nothing about Dovecot.
    facts={"auth_required": True, "store": None, "bounces": None, **NO_NEXT_HOPS},
    deviations=(
        "users are in a password file; PLAIN, LOGIN and DIGEST-MD5 are offered, the last with our domain as its realm",
        "disable_plaintext_auth is as it comes, which takes a client on loopback for one that can't be overheard",
        "mail_max_userip_connections is 100, as all our connections are those of one user at one address",
        "all mail goes on to a Postfix of the same root, which trusts it and delivers into Maildirs",
        "aliases has a name of 64 octets for alice, and transport_maps sends mail for our sender's domain to us",
    ),
)
