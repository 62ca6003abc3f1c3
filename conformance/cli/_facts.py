"""Every single fact of a target file as an option of ``run``."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

import click
from rich.table import Table

from conformance.cli._output import print_table
from conformance.target import MEANINGS, PARTS, Store, Target

SHORT = {"mailboxes": "--rcpt", "ehlo_name": "--helo"}
"""The names that are shorter than the fact."""

IN_FILES_ONLY = {"address", "set_up"} | {fact for fact, part in PARTS.items() if part is not Store}
"""The address is no option, and a target file is the place for what has parts; a store is written in one word."""

STORES: tuple[str, ...] = typing.get_args(typing.get_type_hints(Store)["kind"])

Command = Callable[..., Any]


def _store(word: str) -> dict[str, str]:
    """A store in one word, as a target file has it in two."""
    kind, colon, where = word.partition(":")
    if not (kind in STORES and colon and where):
        raise click.BadParameter(f"{word!r} is no store; write maildir:/home/alice/Maildir or lmtp-sink:127.0.0.1:2601")
    return {"kind": kind, "where": where}


def option_of(fact: str) -> str:
    """The option that states this fact."""
    return SHORT.get(fact, f"--{fact.replace('_', '-')}")


def _choices(kind: Any) -> list[str] | None:
    """The words that a fact can have, where only some are allowed."""
    if typing.get_origin(kind) is typing.Literal:
        return [str(word) for word in typing.get_args(kind)]
    for inner in typing.get_args(kind):
        found = _choices(inner)
        if found is not None:
            return found
    return None


def fact_options(command: Command) -> Command:
    """Add an option for each fact that is one word, a list of words, a number or a yes or no."""
    hints = typing.get_type_hints(Target)
    for fact in reversed(Target.__struct_fields__):
        if fact in IN_FILES_ONLY:
            continue
        kind = hints[fact]
        name = option_of(fact)
        says = f"Fact: {MEANINGS[fact][:1].lower()}{MEANINGS[fact][1:]}"
        choices = _choices(kind)
        if _holds(kind, Store):
            says += f"; one of {', '.join(STORES)}, and behind a colon the place."
            add = click.option(name, fact, type=_store, metavar="KIND:WHERE", help=says)
        elif _holds(kind, bool):
            add = click.option(f"{name}/--no-{name[2:]}", fact, default=None, help=f"{says}.")
        elif typing.get_origin(kind) is tuple:
            of = click.Choice(choices) if choices else click.STRING
            add = click.option(name, fact, multiple=True, type=of, help=f"{says}; may be repeated.")
        elif _holds(kind, float):
            add = click.option(name, fact, type=float, help=f"{says}, in seconds.")
        else:
            add = click.option(name, fact, type=click.Choice(choices) if choices else click.STRING, help=f"{says}.")
        command = add(command)
    return command


def print_facts() -> None:
    """Print the facts of a target file and what each one says, with the option of ``run`` where it has another name."""
    table = Table("fact", "says", box=None, pad_edge=False)
    for fact, says in MEANINGS.items():
        option = f" ({SHORT[fact]})" if fact in SHORT else ""
        table.add_row(fact.replace("_", "-"), says + option)
    print_table(table)


def _holds(kind: Any, wanted: type) -> bool:
    if typing.get_origin(kind) in {types.UnionType, typing.Union}:  # the latter where an alternative is annotated
        return wanted in typing.get_args(kind)
    return kind is wanted


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The facts among these options that the user gave."""
    return {
        fact: list(value) if isinstance(value, tuple) else value
        for fact, value in options.items()
        if fact in Target.__struct_fields__ and value not in (None, ())
    }


def as_arguments(facts: dict[str, Any]) -> list[str]:
    """The options that state these facts, for the command that repeats a scenario."""
    arguments: list[str] = []
    for fact, value in facts.items():
        name = option_of(fact)
        if isinstance(value, dict):
            arguments += [name, f"{value['kind']}:{value['where']}"]
        elif isinstance(value, bool):
            arguments.append(name if value else f"--no-{name[2:]}")
        else:
            for word in value if isinstance(value, list) else [value]:
                arguments += [name, str(word)]
    return arguments
