"""A session of the reference server that speaks LMTP (RFC 2033): LHLO, and a reply for each recipient after the dot."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from conformance.reference._decision import decision, decision_by
from conformance.reference._session import Answer, Handler, ServerSession, answer
from conformance.reference._site import FULL, Delivery
from conformance.wire.paths import Mailbox

STATUS = {500: b"5.5.2", 501: b"5.5.4", 502: b"5.5.1", 503: b"5.5.1", 550: b"5.1.1", 555: b"5.5.4"}
"""The enhanced status codes that say more than the class of the reply (RFC 3463)."""

_CODED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?: |$)")


@dataclass(slots=True, eq=False)
class LmtpSession(ServerSession):
    """As SMTP, except for what RFC 2033 changes; it offers the extensions that §5 asks for."""

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
    def extensions(self) -> tuple[bytes, ...]:
        """ENHANCEDSTATUSCODES beside what SMTP offers (§5)."""
        offered = ServerSession.extensions.clean(self)
        return offered if b"ENHANCEDSTATUSCODES" in offered else (*offered, b"ENHANCEDSTATUSCODES")

    @decision_by(ServerSession.command.case or (lambda _session, _line: ""))
    def command(self, line: bytes) -> Answer | None:
        """As in SMTP; every reply but that to LHLO has an enhanced status code (RFC 2034 §3)."""
        given = ServerSession.command.clean(self, line)
        return given if given is None or self.verb_of(line) == b"LHLO" else self.coded(given)

    @decision
    def coded(self, given: Answer) -> Answer:
        """The answer with an enhanced status code of its class on every line; an intermediate one has none."""
        if given.code // 100 not in {2, 4, 5}:
            return given
        status = STATUS.get(given.code, b"%d.0.0" % (given.code // 100)) + b" "
        return replace(given, texts=tuple(text if _CODED.match(text) else status + text for text in given.texts))

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
            return self.coded(answer(503, b"Say MAIL first"))
        first, *others = [
            self.coded(self.delivered(forward_path, Delivery(transaction.reverse_path, (forward_path,), content)))
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
            return answer(452, b"<%b> is over quota" % forward_path)
        self.site.delivered.append(delivery)
        return answer(250, b"<%b> delivered" % forward_path)
