"""Defects of MTRK (RFC 3885)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

Parameters = Callable[[dict[bytes, bytes]], Answer | None]


@defect(
    ServerSession.refuse_mail_parameters,
    profile="on-request",
    proves={"rfc3885/2/envid_is_taken*"},
    also={"rfc3885/3.1/parameter-syntax"},
)
def mtrk_comes_without_envid(
    clean: Parameters, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Lists MTRK and does not know ENVID."""
    del session
    return answer(555, b"Parameter not recognized") if b"ENVID" in parameters else clean(parameters)


@defect(ServerSession.refuse_rcpt_parameters, profile="on-request", proves={"rfc3885/2/orcpt_is_taken"})
def mtrk_comes_without_orcpt(
    clean: Parameters, session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Lists MTRK and does not know ORCPT."""
    del session
    return answer(555, b"Parameter not recognized") if b"ORCPT" in parameters else clean(parameters)
