"""Sendmail, from Debian's packages."""

from __future__ import annotations

from conformance.launchers._debian import DebianServer

SENDMAIL = DebianServer(
    name="sendmail",
    title="Sendmail",
    origin="Debian's package sendmail-bin, with sendmail-cf and procmail",
    packages=("sendmail-bin", "sendmail", "sendmail-cf", "procmail", "sasl2-bin", "libsasl2-modules"),
    templates="sendmail",
    routes=True,
    login=True,
    deviations=(
        "Debian's sendmail.mc without its submission port",
        "the trust in 127.0.0.1 is taken out of sendmail.cf and the access map",
        "its exemption from the pause before the greeting and from the rate of connections stays",
        "AUTH takes PLAIN and LOGIN, also in clear, from a password file with one user",
        "procmail delivers into Maildirs",
    ),
)
