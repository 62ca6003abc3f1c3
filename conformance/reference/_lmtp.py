"""A session of the reference server that speaks LMTP (RFC 2033): LHLO, and a reply for each recipient after the dot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.reference._decision import decision
from conformance.reference._session import Answer, Handler, ServerSession, Transaction, answer
from conformance.reference._site import FULL, Delivery
from conformance.wire.paths import Mailbox

TAKEN = 250
SECONDS_ELSEWHERE = 5.0
"""How long it takes before a host elsewhere has taken a message."""


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
        answers: list[Answer] = []
        taken: list[bytes] = []
        for forward_path in self.answered_recipients(transaction.forward_paths):
            given = self.delivered(forward_path, Delivery(transaction.reverse_path, (forward_path,), content))
            answers.append(replace(given, pause=self.seconds_taken(forward_path)))
            taken += [forward_path] if given.code == TAKEN else []
        self.hand_over(transaction, taken, content)
        first, *others = answers
        return replace(first, more=tuple(others))

    @decision
    def hand_over(self, transaction: Transaction, taken: list[bytes], content: bytes) -> None:
        """Take responsibility for the message to each recipient that is told so (§4.2)."""
        for forward_path in taken:
            self.deliver(replace(transaction, forward_paths=[forward_path]), content)

    @decision
    def seconds_taken(self, forward_path: bytes) -> float:
        """How long delivery to a recipient takes: next to nothing here, some time at another host."""
        here = self.site.is_local(forward_path.rpartition(b"@")[2]) or b"@" not in forward_path
        return 0.0 if here else SECONDS_ELSEWHERE

    @decision
    def answered_recipients(self, forward_paths: list[bytes]) -> list[bytes]:
        """The recipients that get a reply: all, those that were given twice too (§4.2)."""
        return forward_paths

    @decision
    def delivered(self, forward_path: bytes, delivery: Delivery) -> Answer:
        """Deliver to one recipient, and say how that went (§4.2)."""
        if forward_path.partition(b"@")[0] == FULL:
            return answer(452, b"<%b> is over quota" % forward_path, status=b"4.2.2")
        del delivery
        return answer(TAKEN, b"<%b> delivered" % forward_path)
