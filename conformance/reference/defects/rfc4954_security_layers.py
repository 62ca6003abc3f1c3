"""Defects of the security layer that AUTH can bring (RFC 4954 §4)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference._answer import Answer, answer
from conformance.reference._authentication import Authentication
from conformance.reference._decision import defect
from conformance.reference._login import Login
from conformance.reference._security_layer import SecurityLayer
from conformance.reference._session import ServerSession
from conformance.wire.digest_md5 import AUTH, IntegrityLayer

HERE = "rfc4954/4/"

Yes = Callable[[], bool]
Forget = Callable[[], None]


@defect(Authentication.auth_qualities, varies={HERE + "server_may_offer_a_security_layer"})
def no_security_layer_is_offered(clean: Callable[[], tuple[bytes, ...]], session: Authentication) -> tuple[bytes, ...]:
    """Offers no security layer."""
    del clean, session
    return (AUTH,)


@defect(
    SecurityLayer.layer_covers_success,
    proves={HERE + "success_comes_before_the_layer"},
    also={"rfc5321/4.2/*", "rfc5321/4.2.1/*", "rfc5321/4.3.2/three-digits-2-to-5"},
)
def success_is_under_the_layer(clean: Yes, session: SecurityLayer) -> bool:
    """Sends the success reply under the layer that it brings."""
    del clean, session
    return True


@defect(
    SecurityLayer.layer_in_effect,
    proves={HERE + "what_follows_success_is_under_the_layer*"},
)
def layer_is_agreed_on_and_left_out(
    clean: Callable[[IntegrityLayer], IntegrityLayer | None], session: SecurityLayer, layer: IntegrityLayer
) -> IntegrityLayer | None:
    """Agrees on a layer and goes on in clear."""
    del clean, session, layer
    return None


@defect(SecurityLayer.forget_at_layer, proves={HERE + "layer_forgets_the_ehlo"})
def layer_keeps_the_ehlo(clean: Forget, session: SecurityLayer) -> None:
    """Keeps under the layer what EHLO said before."""
    del clean
    session.session.clear("layer")


@defect(
    SecurityLayer.forget_at_layer,
    name="layer-goes-on-where-it-was",
    proves={HERE + "session_begins_again_with_the_layer", HERE + "layer_forgets_the_ehlo"},
    also={HERE + "layer-begins"},
)
def layer_goes_on_where_it_was(clean: Forget, session: SecurityLayer) -> None:
    """Goes on under the layer where the session was."""
    del clean, session


@defect(ServerSession.hello_again, name="layer-goes-on-where-it-was")
def second_ehlo_under_the_layer_is_refused(
    clean: Callable[[bytes], Answer | None], session: ServerSession, argument: bytes
) -> Answer | None:
    """Wants no second EHLO under the layer."""
    return answer(503, b"You said EHLO before") if session.layer.active else clean(argument)


@defect(SecurityLayer.layer_is_outside_tls, proves={HERE + "tls_is_outside_the_layer[*"})
def layer_goes_outside_tls(clean: Yes, session: SecurityLayer) -> bool:
    """Applies the layer to what TLS has encoded."""
    del clean, session
    return True


# As a client.


@defect(Login.login_keeps_to_layer, proves={HERE + "layer_at_the_next_hop_is_in_order[begins]"})
def relay_leaves_the_layer_out(clean: Yes, session: Login) -> bool:
    """Agrees on a layer at its next hop and goes on without it."""
    del clean, session
    return False


@defect(Login.login_says_hello_under_layer, proves={HERE + "layer_at_the_next_hop_is_in_order[ehlo]"})
def relay_says_no_ehlo_under_the_layer(clean: Yes, session: Login) -> bool:
    """Says no EHLO under the layer."""
    del clean, session
    return False


@defect(Login.login_forgets_at_layer, proves={HERE + "relay_forgets_the_extensions_at_the_layer"})
def relay_keeps_the_extensions_at_the_layer(clean: Yes, session: Login) -> bool:
    """Uses under the layer what was offered before it."""
    del clean, session
    return False


@defect(Login.login_layer_is_outside_tls, proves={HERE + "tls_is_outside_the_layer_at_the_next_hop"})
def relay_puts_the_layer_outside_tls(clean: Yes, session: Login) -> bool:
    """Applies the layer at its next hop to what TLS has encoded."""
    del clean, session
    return True
