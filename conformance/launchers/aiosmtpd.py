"""aiosmtpd, of any version."""

from __future__ import annotations

from conformance.launchers._launcher import COMMON
from conformance.launchers._pypi import PyPIServer
from conformance.launchers._site import NO_NEXT_HOPS

AIOSMTPD = PyPIServer(
    name="aiosmtpd",
    title="aiosmtpd",
    origin="aiosmtpd of PyPI, beside us or of the version that is named, in an environment of its own",
    package="aiosmtpd",
    program="aiosmtpd_program.py",
    changes=COMMON,
    deviations=(
        "enable_SMTPUTF8 is on",
        "a handler of ours refuses unknown recipients, lays mail into Maildirs and gives relayed mail to the next hop",
        "it adds the trace fields, which the library leaves to who delivers",
        "an authenticator of ours knows one user, from version 1.3 on",
        "before version 1.4.3 no STARTTLS is offered, as it can't work there under Python 3.11 or later",
    ),
    login=True,
    # The library has no queue: what is relayed and sent back would tell about our handlers, so nothing is said of it,
    # nor of what our program does when it is ended.
    facts={**NO_NEXT_HOPS, "bounces": None, "process": None},
)
