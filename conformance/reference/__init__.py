"""A conformant SMTP server over any stream, and the defects that prove our scenarios."""

from conformance.reference._answer import Answer, answer
from conformance.reference._authentication import Authentication
from conformance.reference._certificate import server_tls
from conformance.reference._decision import Decisions, Defect, declared, defect, matches
from conformance.reference._kills import Kill, Trial, concerned, kill, kill_all, try_scenarios
from conformance.reference._server import ReferenceServer
from conformance.reference._session import ServerSession, Transaction
from conformance.reference._site import (
    ACCOUNT_DOMAIN,
    BARE_DOMAIN,
    EXTENDED_DOMAIN,
    NEXT_HOPS,
    Delivery,
    Site,
    Stored,
    reference_target,
)

__all__ = [
    "ACCOUNT_DOMAIN",
    "BARE_DOMAIN",
    "EXTENDED_DOMAIN",
    "NEXT_HOPS",
    "Answer",
    "Authentication",
    "Decisions",
    "Defect",
    "Delivery",
    "Kill",
    "ReferenceServer",
    "ServerSession",
    "Site",
    "Stored",
    "Transaction",
    "Trial",
    "answer",
    "concerned",
    "declared",
    "defect",
    "kill",
    "kill_all",
    "matches",
    "reference_target",
    "server_tls",
    "try_scenarios",
]
