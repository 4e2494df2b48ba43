"""The searches ours is measured beside, on the same rows in the same PostgreSQL: Immich's rule and zhparser."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg import conninfo, sql

from allinone.wire.ocr import OcrLine

SETUP_IMMICH = """
create extension if not exists pg_trgm;
create extension if not exists unaccent;
create or replace function f_unaccent(text) returns text language sql immutable strict parallel safe
    return unaccent('unaccent', $1);
create unlogged table if not exists peer_text (
    asset_id uuid primary key, owner_id uuid not null, taken_at timestamp, tokens text not null, raw text not null
);
"""
INDEX_IMMICH = "create index if not exists peer_immich on peer_text using gin (f_unaccent(tokens) gin_trgm_ops)"
FIND_IMMICH = """
select asset_id from peer_text
where f_unaccent(tokens) %%>> f_unaccent(%(query)s) and owner_id = any(%(owners)s)
order by taken_at desc nulls last, asset_id limit %(most)s
"""
SETUP_ZHPARSER = """
create extension if not exists zhparser;
create text search configuration peer_chinese (parser = zhparser);
alter text search configuration peer_chinese
    add mapping for a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z with simple;
"""
SESSION_ZHPARSER = (
    "set zhparser.multi_short = on; set zhparser.multi_duality = on; set zhparser.seg_with_duality = on;"
    " set zhparser.punctuation_ignore = on"
)
INDEX_ZHPARSER = """
alter table peer_text add column words tsvector;
update peer_text set words = to_tsvector('peer_chinese', raw);
create index peer_zhparser on peer_text using gin (words);
"""
FIND_ZHPARSER = """
select asset_id from peer_text, plainto_tsquery('peer_chinese', %(query)s) as asked
where words @@ asked and owner_id = any(%(owners)s)
order by ts_rank(words, asked) desc, taken_at desc nulls last, asset_id limit %(most)s
"""


@dataclass(frozen=True, slots=True)
class PeerText:
    """One photo's text, as the recogniser read it."""

    asset_id: UUID
    owner_id: UUID
    taken_at: datetime | None
    lines: Sequence[OcrLine]


def _is_cjk(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af"


def bigrams(text: str) -> list[str]:
    """Words by blanks; a run of Chinese as its overlapping pairs, one character alone as itself."""
    found: list[str] = []
    run = ""
    for character in f"{text} ":
        if run and (_is_cjk(character) != _is_cjk(run[0]) or character.isspace()):
            found += [run] if len(run) == 1 or not _is_cjk(run[0]) else [a + b for a, b in zip(run, run[1:])]  # noqa: B905, RUF007
            run = ""
        if not character.isspace():
            run += character
    return found


class Peer:
    """One of the searches; `find` answers asset ids, best first."""

    name: str
    _find: str

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def query(self, typed: str) -> str:
        """What the peer makes of a query before PostgreSQL sees it."""
        return typed

    def find(self, typed: str, owners: Sequence[UUID], most: int = 10) -> list[UUID]:
        parameters = {"query": self.query(typed), "owners": list(owners), "most": most}
        return [asset_id for (asset_id,) in self._connection.execute(self._find, parameters).fetchall()]

    def explain(self, typed: str, owners: Sequence[UUID], most: int = 10) -> str:
        parameters = {"query": self.query(typed), "owners": list(owners), "most": most}
        rows = self._connection.execute(f"explain (analyze, timing off) {self._find}", parameters).fetchall()
        return "\n".join(line for (line,) in rows)


class ImmichRule(Peer):
    """Pairs of characters joined by blanks, pg_trgm's strict word similarity of 0.5 or more, newest first."""

    name = "Immich's rule"
    _find = FIND_IMMICH

    def query(self, typed: str) -> str:
        return " ".join(bigrams(typed))


class Zhparser(Peer):
    """Words of the segmenter with its short and paired forms, all of them, by ts_rank."""

    name = "zhparser + ts_rank"
    _find = FIND_ZHPARSER


def database_for_peers(dsn: str, name: str) -> str:
    """A database whose locale knows letters of all scripts, as Immich's does: pg_trgm sees no others."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
            statement = sql.SQL(
                "create database {} template template0 encoding 'UTF8' locale 'C.UTF-8' locale_provider builtin"
            )
            connection.execute(statement.format(sql.Identifier(name)))
    return conninfo.make_conninfo(dsn, dbname=name)


def prepare(dsn: str, texts: Iterable[PeerText]) -> list[Peer]:
    """Index `texts` for each peer that this PostgreSQL has; the peers, each with a connection of its own."""
    connection = psycopg.connect(dsn, autocommit=True)
    connection.execute(SETUP_IMMICH)
    with connection.cursor() as cursor, cursor.copy("copy peer_text from stdin") as copy:
        for text in texts:
            tokens = " ".join(token for line in text.lines for token in bigrams(line.text))
            raw = "\n".join(line.text for line in text.lines)
            copy.write_row((text.asset_id, text.owner_id, text.taken_at, tokens, raw))
    peers: list[Peer] = [ImmichRule(connection)]
    available = connection.execute("select 1 from pg_available_extensions where name = 'zhparser'").fetchone()
    if available is not None:
        connection.execute(SETUP_ZHPARSER)
        connection.execute(SESSION_ZHPARSER)
        connection.execute(INDEX_ZHPARSER)
        peers.append(Zhparser(connection))
    connection.execute(INDEX_IMMICH)
    connection.execute("vacuum analyze peer_text")
    return peers


def reopen(dsn: str) -> list[Peer]:
    """The peer that an earlier run on the same database has prepared."""
    connection = psycopg.connect(dsn, autocommit=True)
    present = connection.execute("select to_regclass('peer_immich')").fetchone()
    return [ImmichRule(connection)] if present and present[0] else []
