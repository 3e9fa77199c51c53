"""Scenario files: find, read, check."""

import difflib
import functools
import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diag.files import why
from diag.lab.consistent import check, check_fleet
from diag.lab.fleet import expanded
from diag.lab.scenario import Scenario
from diag.sentence import Sentence, say
from diag.subject import InvalidInputError, printable

if TYPE_CHECKING:
    from pydantic import TypeAdapter


_PATH = 400  # characters of a path that are shown


class ScenarioError(InvalidInputError):
    """A scenario that cannot be run; `sentence` names the file, and the key where one is to blame."""


def scenario_names() -> tuple[str, ...]:
    """Return the names of the shipped scenarios, in alphabetical order."""
    found = (entry.name for entry in (files("diag.lab") / "scenarios").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def load_scenario(name_or_path: str) -> Scenario:
    """Read a shipped scenario by its name, any scenario by the path of its TOML file, or that of a lab that is served.

    Raises `ScenarioError` for an unknown name, an unreadable file, bad TOML, an unknown key, a wrong value.
    """
    if name_or_path in scenario_names():
        text = (files("diag.lab") / "scenarios" / f"{name_or_path}.toml").read_text(encoding="utf-8")
        return read_scenario(text, f"{name_or_path}.toml", name_or_path)
    path = Path(name_or_path)
    if is_served(name_or_path):
        from diag.lab.served import read_served

        return read_served(path).scenario
    if path.suffix != ".toml" and len(path.parts) == 1:
        raise ScenarioError(_unknown(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else type(error).__name__
        raise ScenarioError(
            say("The scenario {file} cannot be read: {reason}.", file=printable(name_or_path, _PATH), reason=reason)
        ) from None
    return read_scenario(text, printable(path.name), path.stem)


def is_served(name_or_path: str) -> bool:
    """Whether this names the file of a lab that is served, and not a scenario."""
    return name_or_path.casefold().endswith(".json")


def _unknown(name: str) -> Sentence:
    near = difflib.get_close_matches(name, scenario_names(), n=1)
    if near:
        return say("There is no scenario '{name}'. Did you mean '{near}'?", name=printable(name), near=near[0])
    return say(
        "There is no scenario '{name}'. 'diag lab list' shows those there are; a file is given with its .toml ending.",
        name=printable(name),
    )


@functools.cache
def _adapter() -> "TypeAdapter[Scenario]":
    """Return what reads a scenario from JSON."""
    from pydantic import TypeAdapter

    return TypeAdapter(Scenario)


def read_scenario(text: str, file: str, name: str) -> Scenario:
    """Read the TOML text of a scenario and make its mailboxes; `file` is what complaints call it.

    Raises `ScenarioError`.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = say("see line {number}", number=line[1]) if line else say("it ends too early")
        raise ScenarioError(say("{file} is not TOML: {where}.", file=file, where=where)) from None
    if "name" in table:
        raise ScenarioError(say("{file}: there is no key '{key}'.", file=file, key="name"))
    if "fleet" in table:  # then nobody misses the mailbox that is there where a scenario names none
        table.setdefault("mailboxes", [])
    scenario = _validate({**table, "name": name}, file)
    try:
        check_fleet(scenario.fleet)
        scenario = expanded(scenario)
        check(scenario)
    except InvalidInputError as error:
        raise ScenarioError(say("{file}: {problem}", file=file, problem=error.sentence)) from None
    return scenario


def _validate(table: dict[str, Any], file: str) -> Scenario:
    from pydantic import ValidationError

    try:
        # Through JSON, because only there does strict checking take a list for a tuple and a text for a choice.
        return _adapter().validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ScenarioError(
            _problem(file, ".".join(map(str, first["loc"])), first["type"], first.get("ctx", {}))
        ) from None


def _problem(file: str, key: str, kind: str, context: dict[str, Any]) -> Sentence:  # noqa: PLR0911 - a table
    """Say in words of our own what pydantic found; its error types are stable, its English texts are not."""
    match kind:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return say("{file}: there is no key '{key}'.", file=file, key=key)
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return say("{file}: the key '{key}' is missing.", file=file, key=key)
        case "literal_error" | "enum":
            return say(
                "{file}: '{key}' must be one of {choices}.", file=file, key=key, choices=str(context["expected"])
            )
        case "string_type":
            return say("{file}: '{key}' must be a text in quotes.", file=file, key=key)
        case "int_type" | "int_from_float":
            return say("{file}: '{key}' must be a whole number.", file=file, key=key)
        case "float_type":
            return say("{file}: '{key}' must be a number.", file=file, key=key)
        case "bool_type":
            return say("{file}: '{key}' must be true or false.", file=file, key=key)
        case "tuple_type" | "list_type":
            return say("{file}: '{key}' must be a list.", file=file, key=key)
        case _:
            return say("{file}: '{key}' must be a table.", file=file, key=key)
