"""`allinone doctor`: is everything in place, and what to do where it is not."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from allinone.cli import event_loop
from allinone.cli.checks import (
    Check,
    Status,
    check_disk,
    check_memory,
    check_models,
    check_python,
    run_checks,
)
from allinone.cli.gateway_checks import gateway_checks
from allinone.cli.immich_checks import immich_checks
from allinone.cli.local_data import data_directory
from allinone.cli.options import DataDirOption
from allinone.cli.recognition import make_engine
from allinone.database.data_directory import DataDirectory

MARKS = {Status.OK: "[green]ok[/]", Status.NOTE: "[yellow]note[/]", Status.FAILED: "[bold red]failed[/]"}


def command(
    immich: Annotated[
        str | None,
        typer.Option("--immich", help="Look at this Immich too.", show_default="ALLINONE_IMMICH_URL, where it is set"),
    ] = None,
    data_dir: DataDirOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of checks as JSON.")] = False,
) -> None:
    """Check Python, models, database, ports and disk, and an Immich; say what to do. Exit status 1 where one failed."""
    checks = event_loop.run(_collect(data_directory(data_dir), immich))
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    else:
        Console().print(_table(checks))
    raise typer.Exit(1 if any(check.status is Status.FAILED for check in checks) else 0)


async def _collect(directory: DataDirectory, immich: str | None) -> list[Check]:
    backends = [check async for check in gateway_checks()]
    if immich is None and not os.environ.get("ALLINONE_IMMICH_URL"):
        return [check async for check in run_checks(directory)] + backends
    checks = [check_python(), check_memory(), check_disk(directory)]
    engine = make_engine(directory).describe()
    found = [check async for check in immich_checks(immich, engine.clip)]
    return [*checks, *check_models(engine), *found, *backends]


def _table(checks: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        advice = f"\n[dim]→[/] {check.advice}" if check.advice else ""
        table.add_row(MARKS[check.status], check.name, f"{check.found}{advice}")
    return table
