"""Our own name server: zones as data, faults by name, a log of what was asked."""

from conformance.dns_server._kept import KeptNames, kept_names
from conformance.dns_server._server import NameServer, NameServerError, Query
from conformance.dns_server._zone import Fault, ZoneError, Zones

__all__ = ["Fault", "KeptNames", "NameServer", "NameServerError", "Query", "ZoneError", "Zones", "kept_names"]
