"""Defects of a relay that gives mail to a submission server under implicit TLS (RFC 8314)."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from conformance.reference._certificate import trusting
from conformance.reference._decision import defect
from conformance.reference._relay import RelaySession
from conformance.reference._relay_tls import unverified

OfContext = Callable[[], ssl.SSLContext]
HERE = "rfc8314/3.3/no_mail_is_relayed_to_a_server_that_does_not_verify"


@defect(RelaySession.submission_tls, proves={f"{HERE}*"})
def relay_submits_to_anybody(clean: OfContext, session: RelaySession) -> ssl.SSLContext:
    """Verifies no certificate of a submission server."""
    del clean, session
    return unverified()


@defect(RelaySession.submission_tls, proves={f"{HERE}[another-name]", f"{HERE}[name-begins-alike]"})
def relay_submits_to_any_name(clean: OfContext, session: RelaySession) -> ssl.SSLContext:
    """Looks at no name in the certificate of a submission server."""
    del clean, session
    return trusting(any_name=True)
