"""`allinone index DIR`: read a folder once, to the end, and tell what was done."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from allinone.cli import event_loop
from allinone.cli.libraries import library_store
from allinone.cli.local_data import LocalData, data_directory, embedded_dsn, hold_data
from allinone.cli.options import DataDirOption
from allinone.cli.progress import progress_view
from allinone.cli.recognition import make_engine
from allinone.database.data_directory import DataDirectory
from allinone.errors import InvalidRequest
from allinone.library.worker import IndexSummary, LibraryWorker
from allinone.search.index import SearchIndex


def command(
    folder: Annotated[Path, typer.Argument(help="The folder of photos.")],
    data_dir: DataDirOption = None,
) -> None:
    """Read a folder of photos to the end, and tell what was done and what could not be read.

    Photos that have been read before are not read again. Interrupt it at any moment; the next run goes on.
    """
    if not folder.expanduser().is_dir():
        message = f"{folder} is not a folder."
        raise InvalidRequest(message)
    summary = event_loop.run(_index(data_directory(data_dir), folder.expanduser().absolute()))
    _print(summary)


async def _index(directory: DataDirectory, root: Path) -> IndexSummary:
    async with hold_data(directory, "index") as data:
        library_id = await library_store(data).open_library(root)
        return await _read(data, library_id)


async def _read(data: LocalData, library_id: UUID) -> IndexSummary:
    engine = make_engine(data.directory)
    dsn = embedded_dsn(data.directory)
    worker = LibraryWorker(dsn, data.directory, engine, SearchIndex(data.database), library_id)
    try:
        with progress_view() as view:
            return await worker.run_until_idle(view.show)
    finally:
        await engine.close()


def _print(summary: IndexSummary) -> None:
    console = Console()
    if summary.notice:
        console.print(Text(summary.notice, style="yellow"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "files in the folder": summary.files,
        "  new": summary.new,
        "  changed": summary.changed,
        "  moved or renamed": summary.moved,
        "  as before": summary.unchanged,
        "files gone": summary.removed,
        "photos read": summary.photos_read,
        "unreadable": summary.unreadable_count,
    }
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    table.add_row("time", f"{summary.seconds:,.1f} s")
    console.print(table)
    if summary.unsettled:
        console.print(f"{summary.unsettled:,} files were still being written; run it again to read them.")
    _print_unreadable(console, summary)


def _print_unreadable(console: Console, summary: IndexSummary) -> None:
    if not summary.unreadable:
        return
    console.print("\n[bold]Could not be read[/]")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for file in summary.unreadable:
        table.add_row(Text(file.path), Text(file.reason))
    console.print(table)
    more = summary.unreadable_count - len(summary.unreadable)
    if more > 0:
        console.print(f"and {more:,} more; the status page of `up` lists all.")
