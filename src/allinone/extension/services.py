"""What the extension's endpoints and pages work with: made once by `create_app`, handed to both."""

from dataclasses import dataclass
from uuid import UUID

from allinone.database.pool import Database
from allinone.extension.photo_search import Notice, PhotoSearch, TextEncoder
from allinone.extension.settings import ExtensionSettings
from allinone.library.store import LibraryStore
from allinone.search.index import SearchIndex


@dataclass(frozen=True, slots=True)
class Services:
    """The extension's parts, in library mode.

    Attributes:
        settings: the extension's settings; `settings.password is not None` tells whether there is a login.
        database: the pool; open while the app runs.
        library: the photos of the folder.
        library_id: which library this app serves; also the owner of its photos.
        index: what was indexed of them.
        photo_search: the search, for the API and the pages alike.
        encoder: turns a query into a CLIP vector; None where no CLIP model is on disk.
        notices: what the person should know all the time (a missing CLIP model), for the head of every page.
    """

    settings: ExtensionSettings
    database: Database
    library: LibraryStore
    library_id: UUID
    index: SearchIndex
    photo_search: PhotoSearch
    encoder: TextEncoder | None
    notices: tuple[Notice, ...]
