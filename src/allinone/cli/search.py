"""`allinone search`: the same search as on the page, in the terminal."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from allinone.cli import event_loop
from allinone.cli.libraries import choose_library, library_store
from allinone.cli.local_data import data_directory, join_data
from allinone.cli.options import DataDirOption, LibraryOption
from allinone.cli.recognition import make_engine
from allinone.database.data_directory import DataDirectory
from allinone.extension.photo_search import PhotoHit, PhotoPage, PhotoQuery, PhotoSearch
from allinone.extension.search_metrics import SearchMetrics
from allinone.http.metrics import new_registry
from allinone.library.filters import AssetFilters
from allinone.search.index import SearchIndex, TextMatch
from allinone.search.preferences import Preferences

LINES_SHOWN = 3


def command(
    query: Annotated[str, typer.Argument(help='What to look for: ocr:發票, "gift card", 夕陽, ...')],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of hits as JSON.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most.", min=1, max=1000)] = 20,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Search photos, best first. Works while `up` runs, and without it."""
    page = event_loop.run(_search(data_directory(data_dir), library, query, limit))
    if as_json:
        typer.echo(json.dumps([_as_dict(hit) for hit in page.hits], ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(_table(page) if page.hits else f"No photo found for {query!r}.")
    if page.notice:
        Console(stderr=True).print(f"[dim]{escape(page.notice.message)}[/]")


async def _search(directory: DataDirectory, root: Path | None, query: str, limit: int) -> PhotoPage:
    async with join_data(directory, "search") as data:
        store = library_store(data)
        library = await choose_library(store, root)
        engine = make_engine(directory)
        try:
            metrics, preferences = SearchMetrics(new_registry()), Preferences(data.database)
            search = PhotoSearch(store, SearchIndex(data.database), engine, metrics, preferences)
            filters = AssetFilters(library_id=library.id)
            return await search.search(PhotoQuery(filters=filters, text=query, size=limit))
        finally:
            await engine.close()


def _as_dict(hit: PhotoHit) -> dict[str, Any]:
    text = hit.text and {"score": hit.text.score, "kind": hit.text.kind, "lines": _lines(hit.text)}
    clip = hit.clip and {"similarity": hit.clip.similarity, "z": hit.clip.z}
    return {
        "assetId": str(hit.asset.id),
        "path": hit.asset.shown_path,
        "score": hit.score,
        "text": text,
        "clip": clip,
    }


def _lines(match: TextMatch) -> list[dict[str, Any]]:
    return [
        {"text": line.text, "box": line.box, "textScore": line.text_score, "spans": line.spans} for line in match.lines
    ]


def _table(page: PhotoPage) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("photo", overflow="fold")
    table.add_column("why", overflow="fold")
    for hit in page.hits:
        table.add_row(f"{hit.score:.2f}", Text(hit.asset.file_name), _reason(hit))
    return table


def _reason(hit: PhotoHit) -> Text:
    """The matched lines with what matched in them marked; the picture's part where there is one."""
    parts = []
    for line in hit.text.lines[:LINES_SHOWN] if hit.text else []:
        marked = Text(line.text)
        for begin, end in line.spans:
            marked.stylize("black on yellow", begin, end)
        parts.append(marked)
    if hit.clip:
        parts.append(Text(f"picture {hit.clip.similarity:.2f}", style="dim"))
    return Text("\n").join(parts)
