"""A session of the reference server that speaks LMTP (RFC 2033): LHLO, and a reply for each recipient after the dot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.reference._decision import decision
from conformance.reference._session import Answer, Handler, ServerSession, answer
from conformance.reference._site import FULL, Delivery
from conformance.wire.paths import Mailbox


@dataclass(slots=True, eq=False)
class LmtpSession(ServerSession):
    """As SMTP, except for what RFC 2033 changes; SMTP offers the extensions that §5 asks for."""

    def handler_of(self, verb: bytes) -> Handler | None:
        """LHLO stands in the place of EHLO and HELO (§4.1)."""
        if verb == b"LHLO":
            return self.lhlo
        return self.smtp_hello if verb in {b"EHLO", b"HELO"} else ServerSession.handler_of(self, verb)

    @decision
    def lhlo(self, argument: bytes) -> Answer | None:
        """As EHLO (§4.1)."""
        return self.ehlo(argument)

    @decision
    def smtp_hello(self, argument: bytes) -> Answer | None:
        """The reply to EHLO and HELO, which LMTP does not have (§4.1)."""
        del argument
        return answer(500, b"This is LMTP; say LHLO")

    @decision
    def serves(self, mailbox: Mailbox) -> bool:
        """One mailbox more than SMTP has: what is over quota shows at the end of the data only."""
        return ServerSession.serves.clean(self, mailbox) or (
            mailbox.local == FULL and self.site.is_local(mailbox.domain)
        )

    @decision
    def end_of_data(self, content: bytes) -> Answer | None:
        """One reply for each recipient that was accepted, in their order (§4.2)."""
        transaction = self.transaction
        self.clear("end of data")
        if transaction is None:
            return answer(503, b"Say MAIL first")
        first, *others = [
            self.delivered(forward_path, Delivery(transaction.reverse_path, (forward_path,), content))
            for forward_path in self.answered_recipients(transaction.forward_paths)
        ]
        return replace(first, more=tuple(others))

    @decision
    def answered_recipients(self, forward_paths: list[bytes]) -> list[bytes]:
        """The recipients that get a reply: all, those that were given twice too (§4.2)."""
        return forward_paths

    @decision
    def delivered(self, forward_path: bytes, delivery: Delivery) -> Answer:
        """Deliver to one recipient, and say how that went (§4.2)."""
        if forward_path.partition(b"@")[0] == FULL:
            return answer(452, b"<%b> is over quota" % forward_path, status=b"4.2.2")
        self.site.delivered.append(delivery)
        return answer(250, b"<%b> delivered" % forward_path)
