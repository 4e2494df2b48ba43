"""What the endpoints beside an Immich work with."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from allinone.database.pool import Database
from allinone.immich.client import ImmichClient
from allinone.immich.settings import ImmichSettings
from allinone.search.index import SearchIndex


@dataclass(frozen=True, slots=True)
class ImmichServices:
    """One for each application.

    Attributes:
        settings: where Immich is.
        client: its API, asked as whoever asks us.
        database: our own database.
        index: the text of Immich's photos, in `database`.
        registry: of this application's metrics.
    """

    settings: ImmichSettings
    client: ImmichClient
    database: Database
    index: SearchIndex
    registry: CollectorRegistry
