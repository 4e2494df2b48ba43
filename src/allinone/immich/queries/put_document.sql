insert into immich_document (asset_id, shelf_id, taken_at, lines, digest)
values (%(asset_id)s, %(shelf_id)s, %(taken_at)s, %(lines)s, %(digest)s)
on conflict (asset_id) do update
set shelf_id = excluded.shelf_id, taken_at = excluded.taken_at, lines = excluded.lines, digest = excluded.digest
