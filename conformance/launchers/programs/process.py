"""Does something to a server that a launcher started: run as a module with the verb and the server's folder.

Its target file has these as commands, so that a run can see what a server does about a crash.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.launchers import LaunchError, Server

VERBS = {
    "kill": Server.kill,
    "stop": Server.stop,
    "start": Server.restart,
    "fill-queue": Server.fill_queue,
    "fill-mailboxes": Server.fill_mailboxes,
    "make-room": Server.make_room,
}


def main(verb: str, folder: str) -> int:
    """Do it; returns the exit status."""
    try:
        VERBS[verb](Server.at(Path(folder)))
    except LaunchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
