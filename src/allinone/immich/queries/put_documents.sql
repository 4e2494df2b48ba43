insert into immich_document (asset_id, shelf_id, taken_at, lines, digest)
select *
from unnest(%(asset_id)b::uuid[], %(shelf_id)b::uuid[], %(taken_at)b::timestamp[], %(lines)b::int[], %(digest)b::bigint[])
on conflict (asset_id) do update
set shelf_id = excluded.shelf_id, taken_at = excluded.taken_at, lines = excluded.lines, digest = excluded.digest
