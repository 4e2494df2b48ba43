"""Makes a large library of a smaller one: copies of its texts, some hours apart."""

from typing import LiteralString

import psycopg
from benchmarks.peers import INDEX_IMMICH

COPY_TEXTS = """
with copied as materialized (
    select gen_random_uuid() as copy_id, owner_id, form, tokens, folded, joined, chains, confidences,
        taken_at as before, taken_at + %(hours)s * interval '1 hour' as after
    from original join search_token using (asset_id) join search_document using (number)
    order by taken_at
), inserted as (
    insert into search_token (asset_id, owner_id, taken_at, form, tokens)
    select copy_id, owner_id, after, form,
        ts_delete(tokens, array[
            '@' || extract(year from before), to_char(before, '"@"YYYYMM"m"'), to_char(before, '"@"YYYYMMDD"d"')
        ]) || array_to_tsvector(array[
            '@' || extract(year from after), to_char(after, '"@"YYYYMM"m"'), to_char(after, '"@"YYYYMMDD"d"')
        ])
    from copied
    returning asset_id, number
)
insert into search_document (number, folded, joined, chains, confidences)
select number, folded, joined, chains, confidences from copied join inserted on asset_id = copy_id
"""
COPY_PEER = """
insert into peer_text (asset_id, owner_id, taken_at, tokens, raw)
select gen_random_uuid(), owner_id, taken_at + %(hours)s * interval '1 hour', tokens, ''
from original join peer_text using (asset_id)
"""


def multiply(dsn: str, rows: int, *, peers: bool) -> None:
    """Copies of all texts, some hours apart, until there are `rows`; the index is made anew at the end.

    A million texts take long to make and to read; what a query does with copies is the same.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        present = number(connection, "select count(*) from search_token")
        if present < rows:
            connection.execute("create unlogged table original as select asset_id from search_token")
            connection.execute("drop index search_token_tokens")
            if peers:
                connection.execute("drop index peer_immich")
            for copy in range(1, round(rows / present)):
                connection.execute(COPY_TEXTS, {"hours": 7 * copy})
                if peers:
                    connection.execute(COPY_PEER, {"hours": 7 * copy})
            connection.execute("set maintenance_work_mem = '1GB'; set max_parallel_maintenance_workers = 1")
            connection.execute(
                "create index search_token_tokens on search_token using gin (tokens)"
                " with (gin_pending_list_limit = 2048)"
            )
            if peers:
                connection.execute(INDEX_IMMICH)
                connection.execute("vacuum analyze peer_text")


def number(connection: psycopg.Connection, query: LiteralString) -> int:
    """The one number that `query` answers."""
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
