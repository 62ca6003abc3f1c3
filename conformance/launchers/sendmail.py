"""Sendmail, from Debian's packages."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer
from conformance.launchers._launcher import ACCOUNT, OTHER_HOPS
from conformance.launchers._site import ACCOUNT_CREDENTIALS, CONTENT_FACTS, DOMAIN, EXTENDED_DOMAIN

SENDMAIL = DebianServer(
    name="sendmail",
    title="Sendmail",
    origin="Debian's package sendmail-bin, with sendmail-cf and procmail",
    packages=("sendmail-bin", "sendmail", "sendmail-cf", "procmail", "sasl2-bin", "libsasl2-modules"),
    templates="sendmail",
    queue="/var/spool/mqueue",
    routes=True,
    submits=True,
    request_field="Return-Receipt-To",
    login=True,
    account=True,
    deviations=(
        OTHER_HOPS,
        "Debian's sendmail.mc without its submission port",
        "the trust in 127.0.0.1 is taken out of sendmail.cf and the access map",
        "its exemption from the pause before the greeting and from the rate of connections stays",
        "AUTH takes PLAIN, LOGIN and DIGEST-MD5, also in clear, from a password file with one user",
        ACCOUNT,
        "it says who it is there by an AuthInfo line with DIGEST-MD5, CRAM-MD5, PLAIN and LOGIN",
        "a TLS_Srv line wants that host's certificate to verify, by our authority, and to be for its name",
        "procmail delivers into Maildirs, its last resort included",
        "a mailertable leads to the next hop and to where bounces go, by copies of its esmtp mailer with ports of ours",
        "messages have 10 MiB at most",
        "the load of this host is no reason to keep mail back or to take no connections",
        "aliases for two users, for one at a next hop, for two lists with an owner and for a program that fails",
        "submit.cf hands mail to its port and takes Return-Receipt-To for a request (RrtImpliesDsn)",
        "the access map is asked about recipients too, and defers one; a virtusertable tells that one user moved",
        "a ruleset refuses one sentence in a Comments field, and another for now",
    ),
    facts={
        "client_trusted": False,
        "security_layer": True,
        "account_credentials": ACCOUNT_CREDENTIALS,
        "alias": {"address": f"team@{DOMAIN}", "members": [f"alice@{DOMAIN}", f"bob@{DOMAIN}"]},
        "mailing_list": {
            "address": f"staff@{DOMAIN}",
            "members": [f"alice@{DOMAIN}", f"bob@{DOMAIN}"],
            "owner": f"postmaster@{DOMAIN}",
        },
        "alias_elsewhere": {"address": f"desk@{DOMAIN}", "members": [f"clerk@{EXTENDED_DOMAIN}"]},
        "list_elsewhere": {
            "address": f"circle@{DOMAIN}",
            "members": [f"reader@{EXTENDED_DOMAIN}", f"writer@{EXTENDED_DOMAIN}"],
            "owner": f"postmaster@{DOMAIN}",
        },
        "moved": f"carol@{DOMAIN}",
        "temporarily_refused": f"busy@{DOMAIN}",
        "fails_after_acceptance": f"full@{DOMAIN}",
        **CONTENT_FACTS,
    },
)
