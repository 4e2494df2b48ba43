"""Every row of an index, to be compared with another's."""

from typing import Any

import psycopg


def index_rows(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the index and of what it was made of; the numbers of documents, which anything can be, left out."""
    with psycopg.connect(dsn) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'public' and "
                "(table_name like 'search_%%' or table_name = 'immich_document') and exists (select from "
                "information_schema.columns c where c.table_name = tables.table_name and column_name = 'asset_id')"
            ).fetchall()
        ]
        rows = {
            name: connection.execute(
                f"select asset_id, (to_jsonb(t) - 'number')::text from {name} t order by asset_id"
            ).fetchall()
            for name in sorted(tables)
        }
        # With those that only one of the two has, which there should not be.
        documents = "search_token full join search_document document using (number)"
        rows["search_document"] = connection.execute(
            f"select asset_id, (to_jsonb(document) - 'number')::text from {documents} order by asset_id, document"
        ).fetchall()
        return rows
