"""nodemailer's smtp-server, of any version."""

from __future__ import annotations

from conformance.launchers._npm import NpmServer
from conformance.launchers._site import NO_NEXT_HOPS

SMTP_SERVER = NpmServer(
    name="smtp-server",
    title="smtp-server (nodemailer)",
    origin="smtp-server of npm, the newest or the version that is named, in a folder of its own",
    package="smtp-server",
    program="smtp_server_program.cjs",
    arguments=("{site}",),
    deviations=(
        "authOptional is on, and a handler of ours knows one user",
        "allowInsecureAuth is on: by default AUTH is listed in clear and refused there with 538",
        "handlers of ours refuse unknown recipients, lay mail into Maildirs and give relayed mail to the next hop",
        "they add the trace fields, which the library leaves to who delivers",
    ),
    login=True,
    # The library has no queue: what is relayed and sent back would tell about our handlers, so nothing is said of it,
    # nor of what our program does when it is ended.
    facts={**NO_NEXT_HOPS, "bounces": None, "process": None},
)
