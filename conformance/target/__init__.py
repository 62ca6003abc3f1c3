"""Target files and addresses: the facts about the system under test."""

from conformance.target._address import Address, AddressError, is_private, parse_address
from conformance.target._meanings import MEANINGS
from conformance.target._target import (
    ADDRESS_FACTS,
    PARTS,
    Alias,
    Credentials,
    Disabled,
    Limits,
    MailingList,
    Owners,
    Process,
    Role,
    Store,
    Submit,
    Target,
    TargetError,
    UserAgent,
    facts,
    make_target,
    read_target,
    split_place,
)
from conformance.target._write import target_text

__all__ = [
    "ADDRESS_FACTS",
    "MEANINGS",
    "PARTS",
    "Address",
    "AddressError",
    "Alias",
    "Credentials",
    "Disabled",
    "Limits",
    "MailingList",
    "Owners",
    "Process",
    "Role",
    "Store",
    "Submit",
    "Target",
    "TargetError",
    "UserAgent",
    "facts",
    "is_private",
    "make_target",
    "parse_address",
    "read_target",
    "split_place",
    "target_text",
]
