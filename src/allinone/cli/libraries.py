"""Which library a command is about."""

from pathlib import Path

from allinone.cli.local_data import LocalData
from allinone.errors import InvalidRequest
from allinone.library.identity import absolute_root
from allinone.library.settings import LibrarySettings
from allinone.library.store import Library, LibraryStore


def library_store(data: LocalData) -> LibraryStore:
    """The libraries of an open data directory."""
    return LibraryStore(data.database, data.directory.thumbnails, limits=LibrarySettings().limits)


async def choose_library(store: LibraryStore, root: Path | None) -> Library:
    """The library with the folder `root`, or the one opened last.

    Raises:
        InvalidRequest: there is none; the message says how to make one.
    """
    libraries = await store.libraries()
    if root is None:
        if libraries:
            return libraries[0]
        message = "No photos have been read yet. Start with: allinone up --library DIR (or allinone index DIR)"
        raise InvalidRequest(message)
    wanted = absolute_root(root)
    for library in libraries:
        if library.root == wanted:
            return library
    known = ", ".join(str(library.root) for library in libraries) or "none"
    message = f"{root} has not been read yet (known: {known}). Read it with: allinone index {root}"
    raise InvalidRequest(message)
