"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Where the database, thumbnails and models are kept (ALLINONE_DATA_DIR).",
        show_default="a folder of your user's",
        file_okay=False,
    ),
]
LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", help="The folder of photos.", show_default="the one opened last", file_okay=False),
]
