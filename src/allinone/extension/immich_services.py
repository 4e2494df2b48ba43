"""What the endpoints beside an Immich work with."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from allinone.database.pool import Database
from allinone.extension.immich_search import ImmichSearch
from allinone.immich.client import ImmichClient
from allinone.immich.database import ImmichDatabase
from allinone.immich.follower import Follower
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
        immich: Immich's database, for reading.
        search: searches Immich as whoever asks us.
        follower: keeps `index` equal to Immich's rows; its `state` tells how far it is.
        registry: of this application's metrics.
    """

    settings: ImmichSettings
    client: ImmichClient
    database: Database
    index: SearchIndex
    immich: ImmichDatabase
    search: ImmichSearch
    follower: Follower
    registry: CollectorRegistry
