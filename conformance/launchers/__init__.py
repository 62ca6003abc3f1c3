"""Servers that we can start by ourselves on loopback, each with all that belongs to it, and end without a trace."""

from conformance.launchers._error import LaunchError
from conformance.launchers._launch import Server, bring_up, launched, server_up, servers_up
from conformance.launchers._launcher import Launcher
from conformance.launchers._servers import LAUNCHERS, launcher_of

__all__ = [
    "LAUNCHERS",
    "LaunchError",
    "Launcher",
    "Server",
    "bring_up",
    "launched",
    "launcher_of",
    "server_up",
    "servers_up",
]
