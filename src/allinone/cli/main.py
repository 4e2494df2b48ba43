"""The `allinone` command: reads the arguments, turns errors into messages and exit codes."""

import importlib
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from allinone import __version__
from allinone.cli import logs, memory
from allinone.errors import AllInOneError, RequestError

EXIT_FAILED = 1
EXIT_USAGE = 2

COMMANDS = (
    "up", "extension", "gateway", "photos-ai", "scaleout", "index", "search", "reprocess", "models", "doctor", "bench",
)  # fmt: skip
HIDDEN = ("index-worker", "extension-worker", "models-worker")


def build(arguments: Sequence[str]) -> typer.Typer:
    """The command line for `arguments`: only the command they name is imported, so that each starts quickly."""
    app = typer.Typer(
        name="allinone",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_options,
    )
    named = next((word for word in arguments if not word.startswith("-")), None)
    for name in [named] if named in (*COMMANDS, *HIDDEN) else COMMANDS:
        module = importlib.import_module(f"allinone.cli.{name.replace('-', '_')}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            settings = getattr(module, "CONTEXT", None)
            app.command(name, hidden=name in HIDDEN, context_settings=settings)(module.command)
    return app


def _print_version(asked: bool) -> None:  # noqa: FBT001  # typer's form of a callback
    if asked:
        sys.stdout.write(f"allinone {__version__}\n")
        raise typer.Exit


def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Search your photos by the text in them and by what they show.

    Start with `up`: it reads the sample photos (or those of `--library DIR`) and serves a page to search them.
    """
    logs.configure()


def main() -> None:
    """Run the command line; the entry point of `allinone` and of `python -m allinone`."""
    memory.bound_arenas()
    try:
        build(sys.argv[1:])(prog_name="allinone")
    except AllInOneError as error:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        console.print(Text.assemble(("Error: ", "bold red"), str(error)))
        sys.exit(EXIT_USAGE if isinstance(error, RequestError) else EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
