"""The security layer that an AUTH can bring (RFC 4954 §4): where it begins, what is forgotten, and what is outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from conformance.client import Layered
from conformance.reference._decision import Decisions, decision
from conformance.wire.digest_md5 import IntegrityLayer, LayerError

if TYPE_CHECKING:
    from conformance.reference._session import ServerSession


@dataclass(slots=True, eq=False, weakref_slot=True)
class SecurityLayer:
    """What a session's octets go through, once there is a layer: ``active`` is our side of it."""

    session: ServerSession
    decisions: Decisions
    active: IntegrityLayer | None = None

    def outward(self, octets: bytes) -> bytes:
        """The octets as they go to the client, or into TLS where that is active."""
        if self.session.authentication.layer is not None and self.layer_covers_success():
            self._take_effect()
        return self.active.wrap(octets) if self.active else octets

    def inward(self, octets: bytes) -> bytes:
        """What the octets of the client hold; one who does not keep to the layer is left."""
        if self.active is None:
            return octets
        try:
            return self.active.unwrap(octets)
        except LayerError:
            self.session.closing = True
            return b""

    def begin(self) -> None:
        """Begin the layer that an exchange brought, now that its success reply is out (§4).

        What has come behind the client's last response is under the layer already.
        """
        if self.session.authentication.layer is not None:
            self._take_effect()
            self.session.buffer = self.inward(self.session.buffer)

    def below_tls(self, stream: trio.abc.Stream) -> trio.abc.Stream:
        """What TLS that begins now is put on: the client's octets as they are, so that the layer is inside (§4)."""
        if self.active is None or not self.layer_is_outside_tls():
            return stream
        layer, self.active = self.active, None
        return Layered(stream, layer)

    def _take_effect(self) -> None:
        layer, self.session.authentication.layer = self.session.authentication.layer, None
        assert layer is not None
        self.forget_at_layer()
        stream = self.session.stream
        if isinstance(stream, trio.SSLStream) and self.layer_is_outside_tls():
            stream.transport_stream = Layered(stream.transport_stream, layer)
        else:
            self.active = self.layer_in_effect(layer)

    @decision
    def layer_covers_success(self) -> bool:
        """Whether the success reply is under the layer that it brings: no, it is the last one before (§4)."""
        return False

    @decision
    def layer_in_effect(self, layer: IntegrityLayer) -> IntegrityLayer | None:
        """The layer behind the success reply: the one that was agreed on (§4)."""
        return layer

    @decision
    def forget_at_layer(self) -> None:
        """Be where a session is behind its greeting, but for who the client is (§4)."""
        self.session.client_name, self.session.extended = None, False
        self.session.clear("layer")

    @decision
    def layer_is_outside_tls(self) -> bool:
        """Whether the layer is applied to what TLS has encoded: no, TLS is the outer one (§4)."""
        return False
