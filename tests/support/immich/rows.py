"""Immich's rows: users, keys, sessions, partners, assets with text and vectors, written as Immich writes them."""

import hashlib
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from tests.support.immich.machine_learning import DIMENSIONS, embed, line_edges, literal
from tests.support.immich.preview import Picture, make_preview

FIRST_MOMENT = datetime(2024, 1, 1, 12, tzinfo=UTC)
EVERYTHING = ("all",)

ADD_ASSET = """
insert into asset (id, "ownerId", type, "originalPath", "originalFileName", "fileCreatedAt", "fileModifiedAt",
    "localDateTime", "isFavorite", duration, checksum, visibility, "deletedAt", status, width, height)
values (%(id)s, %(owner)s, %(type)s, %(path)s, %(name)s, %(taken)s, %(taken)s, %(taken)s, %(favorite)s,
    %(duration)s, %(checksum)s, %(visibility)s, %(deleted)s, %(status)s, 640, 480)
"""
ADD_EXIF = """
insert into asset_exif ("assetId", make, model, city, state, country, "exifImageWidth", "exifImageHeight",
    "fileSizeInByte", "dateTimeOriginal", rating, description)
values (%(id)s, %(make)s, %(model)s, %(city)s, %(state)s, %(country)s, 640, 480, 12345, %(taken)s, %(rating)s, '')
"""
ADD_FILE = """insert into asset_file ("assetId", type, path) values (%(id)s, %(type)s, %(path)s)"""
ADD_LINE = """
insert into asset_ocr ("assetId", x1, y1, x2, y2, x3, y3, x4, y4, "boxScore", "textScore", text)
values (%(asset)s, 0.1, %(top)s, 0.9, %(top)s, 0.9, %(bottom)s, 0.1, %(bottom)s, 0.9, %(score)s, %(text)s)
"""
SET_SEARCH_TEXT = """
insert into ocr_search ("assetId", text) values (%s, %s)
on conflict ("assetId") do update set text = excluded.text
"""
SET_OCR_TIME = """
insert into asset_job_status ("assetId", "ocrAt") values (%s, clock_timestamp())
on conflict ("assetId") do update set "ocrAt" = excluded."ocrAt"
"""
SET_VECTOR = """
insert into smart_search ("assetId", embedding) values (%s, %s)
on conflict ("assetId") do update set embedding = excluded.embedding
"""


@dataclass(frozen=True)
class User:
    """A person, and what lets them in."""

    id: UUID
    email: str
    password: str
    api_key: str
    token: str  # of a session that is not elevated
    elevated_token: str  # of one that may see the locked folder


def create_schema(
    dsn: str, *, version: tuple[int, int, int] = (3, 1, 0), dimensions: int = DIMENSIONS, hnsw: bool = False
) -> None:
    """Make the tables of one version in an empty database."""
    folder = resources.files("tests.support.immich")
    names = ["schema.sql"]
    names += ["schema_before_3_1.sql"] if version < (3, 1, 0) else []
    names += ["schema_before_2_5.sql"] if version < (2, 5, 0) else []
    with psycopg.connect(dsn) as connection:
        for name in names:
            connection.execute(sql.SQL(folder.joinpath(name).read_text()))
        connection.execute(
            sql.SQL(
                'create table smart_search ("assetId" uuid primary key references asset on delete cascade, '
                "embedding vector({}) not null); alter table smart_search alter embedding set storage external"
            ).format(sql.Literal(dimensions))
        )
        if hnsw:
            create_vector_index(connection)
        connection.execute("insert into version_history (version) values (%s)", [".".join(map(str, version))])


def create_vector_index(connection: psycopg.Connection) -> None:
    """Immich's index on vectors. Filling it takes minutes for 100,000 rows."""
    connection.execute(
        "create index clip_index on smart_search using hnsw (embedding vector_cosine_ops) "
        "with (ef_construction = 300, m = 16)"
    )


def tokenize(text: str) -> list[str]:
    """What `ocr_search` is made of: pairs of CJK characters, other words as they are."""
    tokens: list[str] = []
    for word in text.split():
        run = ""
        for character in word:
            if run and _is_cjk(character) != _is_cjk(run[-1]):
                tokens += _pairs(run)
                run = ""
            run += character
        tokens += _pairs(run)
    return tokens


def _pairs(run: str) -> list[str]:
    if not _is_cjk(run[0]) or len(run) == 1:
        return [run]
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _is_cjk(character: str) -> bool:
    ranges = ((0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0x3040, 0x309F), (0x30A0, 0x30FF), (0x3400, 0x4DBF))
    return any(low <= ord(character) <= high for low, high in ranges)


class ImmichRows:
    """Writes rows into one Immich's database, with previews in `folder`. Every call is a transaction of its own."""

    def __init__(self, dsn: str, folder: Path, *, dimensions: int = DIMENSIONS) -> None:
        self.dsn = dsn
        self.folder = folder
        self.dimensions = dimensions
        self._added = 0
        self._kept: psycopg.Connection[Any] | None = None
        self._lock = threading.RLock()

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, as Immich's own role."""
        return psycopg.connect(self.dsn)

    def close(self) -> None:
        """Close what is kept open between calls."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction, on a connection that is kept."""
        with self._lock:
            if self._kept is None or self._kept.closed or self._kept.broken:
                self._kept = self.connect()
            with self._kept.transaction():
                yield self._kept

    def add_user(
        self, name: str, *, admin: bool = False, permissions: Sequence[str] = EVERYTHING, password: str = "secret"
    ) -> User:
        """A user with an API key and two sessions."""
        user = User(uuid4(), f"{name}@example.com", password, *(secrets.token_urlsafe(32) for _ in range(3)))
        with self._transaction() as connection:
            connection.execute(
                'insert into "user" (id, email, name, password, "isAdmin") values (%s, %s, %s, %s, %s)',
                [user.id, user.email, name, hashed(password).hex(), admin],
            )
            connection.execute(
                'insert into api_key (name, key, "userId", permissions) values (%s, %s, %s, %s)',
                ["test", hashed(user.api_key), user.id, list(permissions)],
            )
            for token, pin in ((user.token, None), (user.elevated_token, datetime.now(UTC) + timedelta(hours=1))):
                connection.execute(
                    'insert into session (token, "userId", "pinExpiresAt") values (%s, %s, %s)',
                    [hashed(token), user.id, pin],
                )
        return user

    def add_api_key(self, user: User, permissions: Sequence[str]) -> str:
        """Another key of a user."""
        key = secrets.token_urlsafe(32)
        with self._transaction() as connection:
            connection.execute(
                'insert into api_key (name, key, "userId", permissions) values (%s, %s, %s, %s)',
                ["another", hashed(key), user.id, list(permissions)],
            )
        return key

    def share(self, owner: User, other: User, *, in_timeline: bool = True) -> None:
        """`owner` shares everything with `other`."""
        with self._transaction() as connection:
            connection.execute(
                'insert into partner ("sharedById", "sharedWithId", "inTimeline") values (%s, %s, %s) '
                'on conflict ("sharedById", "sharedWithId") do update set "inTimeline" = excluded."inTimeline"',
                [owner.id, other.id, in_timeline],
            )

    def add_album(self, owner: User, assets: Sequence[UUID], *, members: Sequence[User] = ()) -> UUID:
        """An album; members may edit it."""
        album = uuid4()
        with self._transaction() as connection:
            connection.execute("insert into album (id) values (%s)", [album])
            for user, role in [(owner, "owner"), *((member, "editor") for member in members)]:
                connection.execute("insert into album_user values (%s, %s, %s)", [album, user.id, role])
            for asset in assets:
                connection.execute("insert into album_asset values (%s, %s)", [album, asset])
        return album

    def add_shared_link(self, owner: User, album: UUID, *, slug: str | None = None) -> str:
        """A shared link to an album; its key."""
        key = secrets.token_bytes(50)
        with self._transaction() as connection:
            connection.execute(
                'insert into shared_link ("userId", key, slug, "albumId") values (%s, %s, %s, %s)',
                [owner.id, key, slug, album],
            )
        return key.hex()

    def add_asset(
        self,
        owner: User,
        texts: Sequence[str] = (),
        *,
        shows: str = "",
        name: str | None = None,
        kind: str = "IMAGE",
        visibility: str = "timeline",
        trashed: bool = False,
        favorite: bool = False,
        taken: datetime | None = None,
        city: str | None = None,
        make: str | None = None,
        rating: int | None = None,
        preview: bool = True,
        processed: bool = True,
    ) -> UUID:
        """An asset as after all of Immich's jobs; `processed` False: before OCR and CLIP.

        Each is an hour younger than the one before.
        """
        self._added += 1
        asset = uuid4()
        name = name or f"IMG_{self._added:05}.{'jpg' if kind == 'IMAGE' else 'mp4'}"
        row = {
            "id": asset, "owner": owner.id, "type": kind, "path": f"/data/upload/{owner.id}/{asset}/{name}",
            "name": name, "taken": taken or FIRST_MOMENT + timedelta(hours=self._added), "favorite": favorite,
            "duration": 1500 if kind == "VIDEO" else None, "checksum": hashlib.sha1(asset.bytes).digest(),
            "visibility": visibility, "deleted": datetime.now(UTC) if trashed else None,
            "status": "trashed" if trashed else "active", "make": make, "model": None, "city": city, "state": None,
            "country": None, "rating": rating,
        }  # fmt: skip
        with self._transaction() as connection:
            connection.execute(ADD_ASSET, row)
            connection.execute(ADD_EXIF, row)
            if preview:
                self._add_preview(connection, asset, Picture(shows, texts))
            if processed:
                self._put_lines(connection, asset, texts)
                connection.execute(SET_VECTOR, [asset, literal(embed(shows or str(asset), self.dimensions))])
        return asset

    def _add_preview(self, connection: psycopg.Connection[Any], asset: UUID, picture: Picture) -> None:
        path = self.folder / f"{asset}_preview.jpg"
        path.write_bytes(make_preview(picture))
        for kind in ("preview", "thumbnail"):
            connection.execute(ADD_FILE, {"id": asset, "type": kind, "path": str(path)})

    def repaint(self, asset: UUID, texts: Sequence[str] = (), *, shows: str = "") -> None:
        """Another preview: what the next OCR or CLIP job will see. The rows stay."""
        (self.folder / f"{asset}_preview.jpg").write_bytes(make_preview(Picture(shows, texts)))

    def put_lines(self, asset: UUID, texts: Sequence[str]) -> None:
        """What an OCR job writes: the old lines go, the new ones come."""
        with self._transaction() as connection:
            self._put_lines(connection, asset, texts)

    def _put_lines(self, connection: psycopg.Connection[Any], asset: UUID, texts: Sequence[str]) -> None:
        lines = [(text, *line_edges(number)) for number, text in enumerate(texts)]
        rewrite_lines(connection, asset, [ocr_row(asset, text, top, bottom) for text, top, bottom in lines])

    def put_vector(self, asset: UUID, shows: str) -> None:
        """What a CLIP job writes."""
        with self._transaction() as connection:
            connection.execute(SET_VECTOR, [asset, literal(embed(shows, self.dimensions))])

    def hide_lines(self, asset: UUID, texts: Sequence[str]) -> None:
        """What an edit that cuts these lines off does to the rows."""
        with self._transaction() as connection:
            connection.execute(
                'update asset_ocr set "isVisible" = text <> all(%s) where "assetId" = %s', [list(texts), asset]
            )
            connection.execute('update asset set "isEdited" = true where id = %s', [asset])

    def set_visibility(self, asset: UUID, visibility: str) -> None:
        """Archive, lock, hide, or back to the timeline."""
        with self._transaction() as connection:
            connection.execute("update asset set visibility = %s where id = %s", [visibility, asset])

    def set_taken(self, asset: UUID, taken: datetime) -> None:
        """Another date."""
        with self._transaction() as connection:
            connection.execute(
                'update asset set "localDateTime" = %s, "fileCreatedAt" = %s where id = %s', [taken, taken, asset]
            )

    def trash(self, asset: UUID) -> None:
        """Into the trash."""
        with self._transaction() as connection:
            connection.execute("""update asset set "deletedAt" = now(), status = 'trashed' where id = %s""", [asset])

    def restore(self, asset: UUID) -> None:
        """Out of the trash."""
        with self._transaction() as connection:
            connection.execute("""update asset set "deletedAt" = null, status = 'active' where id = %s""", [asset])

    def delete(self, asset: UUID) -> None:
        """Gone for good."""
        with self._transaction() as connection:
            connection.execute("delete from asset where id = %s", [asset])

    def set_clip_model(self, name: str) -> None:
        """The CLIP model in the administration's settings."""
        value = psycopg.types.json.Jsonb({"machineLearning": {"clip": {"modelName": name}}})
        with self._transaction() as connection:
            connection.execute(
                "insert into system_metadata (key, value) values ('system-config', %s) "
                "on conflict (key) do update set value = excluded.value",
                [value],
            )


def ocr_row(asset: UUID, text: str, top: float, bottom: float) -> dict[str, Any]:
    """One line's parameters for `rewrite_lines`."""
    return {"asset": asset, "text": text, "top": top, "bottom": bottom, "score": 0.97}


def rewrite_lines(connection: psycopg.Connection[Any], asset: UUID, lines: Sequence[dict[str, Any]]) -> None:
    """What an OCR job does to the rows of an asset."""
    connection.execute('delete from asset_ocr where "assetId" = %s', [asset])
    for line in lines:
        connection.execute(ADD_LINE, line)
    if lines:
        tokens = [token for line in lines for token in tokenize(str(line["text"]))]
        connection.execute(SET_SEARCH_TEXT, [asset, " ".join(tokens)])
    else:
        connection.execute('delete from ocr_search where "assetId" = %s', [asset])
    connection.execute(SET_OCR_TIME, [asset])


def hashed(secret: str) -> bytes:
    """A secret as Immich stores it."""
    return hashlib.sha256(secret.encode()).digest()
