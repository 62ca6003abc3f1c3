"""Haraka, of any version."""

from __future__ import annotations

from conformance.launchers._launcher import OTHER_HOPS
from conformance.launchers._npm import NpmServer

HARAKA = NpmServer(
    name="haraka",
    title="Haraka",
    origin="Haraka of npm, the newest or the version that is named, in a folder of its own",
    package="Haraka",
    script="Haraka/bin/haraka",
    arguments=("-c", "{folder}"),
    defaults="config",
    templates="haraka",
    beside=("haraka-plugin-mail_from.is_resolvable",),
    deviations=(
        OTHER_HOPS,
        "mail_from.is_resolvable takes addresses of loopback too, as our name server has no others",
        "tls and auth/flat_file are among the plugins, with PLAIN and LOGIN beside CRAM-MD5",
        "two plugins of ours take the place of queue/smtp_forward: one refuses unknown recipients",
        "the other lays mail into Maildirs, with a Return-Path field, and has Haraka's own queue send the rest to us",
        "that queue speaks no TLS",
        "it runs as one process",
    ),
    login=True,
)
