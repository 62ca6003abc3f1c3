"""All servers that we can start, by name."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

from conformance.launchers._error import LaunchError
from conformance.launchers._launcher import Launcher
from conformance.launchers.aiosmtpd import AIOSMTPD
from conformance.launchers.dovecot_lmtp import DOVECOT_LMTP
from conformance.launchers.dovecot_submission import DOVECOT_SUBMISSION
from conformance.launchers.exim import EXIM
from conformance.launchers.haraka import HARAKA
from conformance.launchers.opensmtpd import OPENSMTPD
from conformance.launchers.postfix import POSTFIX
from conformance.launchers.reference import REFERENCE
from conformance.launchers.sendmail import SENDMAIL
from conformance.launchers.smtp_server import SMTP_SERVER

LAUNCHERS: dict[str, Launcher] = {
    each.name: each
    for each in (
        POSTFIX,
        EXIM,
        OPENSMTPD,
        SENDMAIL,
        DOVECOT_LMTP,
        DOVECOT_SUBMISSION,
        AIOSMTPD,
        HARAKA,
        SMTP_SERVER,
        REFERENCE,
    )
}
"""The servers by name, in the order in which they are listed."""


def launcher_of(word: str) -> Launcher:
    """The launcher that ``name`` or ``name==version`` means.

    Raises:
        LaunchError: no server is called so, or the version is none.
    """
    name, _, version = word.partition("==")
    if name not in LAUNCHERS:
        near = difflib.get_close_matches(name, LAUNCHERS, n=1)
        raise LaunchError(f"no server is called {name!r}{f'; did you mean {near[0]!r}?' if near else ''}")
    if "==" in word and not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+~:_-]*", version):
        raise LaunchError(f"{word!r} names no version; write {name}==1.2.3")
    return replace(LAUNCHERS[name], for_version=version)
