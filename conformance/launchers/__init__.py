"""Servers that we can start by ourselves, each in a process of its own on loopback."""

from conformance.launchers._launch import LAUNCHERS, LaunchError, launched

__all__ = ["LAUNCHERS", "LaunchError", "launched"]
