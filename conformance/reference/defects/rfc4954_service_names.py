"""Defects of the name that the service has in SASL (RFC 4954 §4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._authentication import Authentication
from conformance.reference._decision import defect
from conformance.reference._login import Login
from conformance.reference._site import HOST
from conformance.wire.sasl import Service

HERE = "rfc4954/4/"
RUNS = "rfc4954/4/supported-mechanism-runs"

Fits = Callable[[bytes], bool]


@defect(Authentication.auth_service_fits, proves={HERE + "service_is_called_smtp"}, also={RUNS})
def service_is_called_mail(clean: Fits, session: Authentication, uri: bytes) -> bool:
    """Lets clients in for a service called mail, and no other."""
    del clean, session
    return uri == b"mail/" + HOST


@defect(
    Authentication.auth_service_fits,
    proves={HERE + "service_is_called_smtp_on_the_submission_port"},
    profile="submission",
)
def service_of_submission_is_called_submission(clean: Fits, session: Authentication, uri: bytes) -> bool:
    """Lets clients of the submission port in for a service called submission, and no other."""
    del clean, session
    return uri == b"submission/" + HOST


@defect(Login.login_service, proves={HERE + "relay_asks_its_next_hop_for_smtp"})
def service_that_is_wanted_is_called_smtps(clean: Callable[[], Service], session: Login) -> Service:
    """Wants a service called smtps at its next hop."""
    del session
    return replace(clean(), name=b"smtps")
