"""A stream under a security layer of SASL."""

from __future__ import annotations

import trio

from conformance.wire.digest_md5 import IntegrityLayer, LayerError


class Layered(trio.abc.Stream):
    """A stream whose octets go through an integrity layer."""

    def __init__(self, stream: trio.abc.Stream, layer: IntegrityLayer) -> None:
        self.stream, self.layer = stream, layer

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As messages of the layer."""
        await self.stream.send_all(self.layer.wrap(bytes(data)))

    async def wait_send_all_might_not_block(self) -> None:
        """As the stream's own."""
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What the next messages hold.

        Raises:
            BrokenResourceError: they are none of the layer.
        """
        while octets := bytes(await self.stream.receive_some(max_bytes)):
            try:
                held = self.layer.unwrap(octets)
            except LayerError as error:
                raise trio.BrokenResourceError from error
            if held:
                return held
        return b""

    async def aclose(self) -> None:
        """As the stream's own."""
        await self.stream.aclose()
