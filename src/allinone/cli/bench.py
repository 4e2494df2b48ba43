"""`allinone bench NAME`: the project's own benchmarks, from a checkout of the source."""

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from allinone.errors import InvalidRequest

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
FOLDER = Path(__file__).parents[3] / "benchmarks"


def names() -> list[str]:
    """The benchmarks there are; empty where only the wheel is installed."""
    # The others are what benchmarks have in common.
    return sorted(path.stem for path in FOLDER.glob("*.py") if "\ndef main(" in path.read_text(encoding="utf-8"))


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Which one; its own options follow, such as --json.")],
) -> None:
    """Measure: `bench search`, `bench ocr`, ... Ratios beside a named peer, in one run."""
    if name in ("-h", "--help"):
        typer.echo(f"{context.get_help()}\nBenchmarks: {', '.join(names()) or 'none here'}.")
        raise typer.Exit
    if name not in names():
        known = ", ".join(names())
        message = (
            f"There is no benchmark {name!r}. Choose one of: {known}."
            if known
            else "The benchmarks are part of the source repository, not of the installed package."
        )
        raise InvalidRequest(message)
    sys.path[:0] = [str(FOLDER.parent), str(FOLDER.parent / "tests")]
    module = importlib.import_module(f"benchmarks.{name}")
    raise typer.Exit(module.main(context.args))
