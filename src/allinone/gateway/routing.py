"""Which backends do which task. Pure: no I/O."""

import re
from collections.abc import Iterable, Mapping

from allinone.errors import ConfigurationError
from allinone.wire.predict import Entries

EXAMPLE = "ocr=photos-ai, clip=photos-ai+gpu, facial-recognition=immich, *=immich"
ANY_TASK = "*"

Rule = tuple[str, ...]
"""Names of backends that may do a task."""

DEFAULT_RULES: Mapping[str, Rule] = {
    "ocr": ("photos-ai",),
    "clip": ("photos-ai",),
    "facial-recognition": ("immich",),
    ANY_TASK: ("immich",),
}


class Routes:
    """Rules by task, `*` for all that have none of their own."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = dict(rules)

    @property
    def rules(self) -> Mapping[str, Rule]:
        """All of them, by task."""
        return self._rules

    def rule(self, task: str) -> Rule:
        """The backends that may do `task`."""
        return self._rules.get(task) or self._rules[ANY_TASK]

    def names(self) -> set[str]:
        """All backends that some rule names."""
        return {name for rule in self._rules.values() for name in rule}

    def split(self, entries: Entries) -> list[tuple[Rule, Entries]]:
        """`entries` by who may do them, in the order of their first task; one share where all go the same way."""
        shares: dict[Rule, Entries] = {}
        for task, value in entries.items():
            shares.setdefault(self.rule(task), {})[task] = value
        return list(shares.items())


def parse_routes(text: str, known: Iterable[str]) -> Routes:
    """What ALLINONE_ROUTES says, over the defaults: `task=backend` or `task=backend+backend`, separated by commas.

    Raises:
        ConfigurationError: a rule cannot be read, or names a backend that is not among `known`.
    """
    rules = dict(DEFAULT_RULES)
    for part in re.split(r"[,\s]+", text.strip()):
        if part:
            task, rule = _parse(part)
            rules[task] = rule
    names = set(known)
    for task, rule in rules.items():
        for name in rule:
            if name not in names:
                raise _wrong(f"{task} goes to {name!r}, and the backends are {', '.join(sorted(names))}")
    return Routes(rules)


def _parse(part: str) -> tuple[str, Rule]:
    task, equals, names = part.partition("=")
    rule = tuple(dict.fromkeys(names.split("+")))
    if not equals or not task or not all(rule):
        raise _wrong(f"{part[:100]!r} is not of the form TASK=BACKEND")
    return task, rule


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(f"ALLINONE_ROUTES cannot be used: {what}. An example: {EXAMPLE}")
