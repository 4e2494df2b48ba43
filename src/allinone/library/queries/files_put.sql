insert into library_file as f
    (library_id, path_key, path, name, size_bytes, mtime_ns, asset_id, failure, failed_at)
select
    %(library_id)s, new.path_key, new.path, new.name, new.size_bytes, new.mtime_ns, new.asset_id, new.failure,
    case when new.failure is not null then now() end
from unnest(
    %(keys)s::bytea[], %(paths)s::bytea[], %(names)s::text[], %(sizes)s::bigint[], %(mtimes)s::bigint[],
    %(asset_ids)s::uuid[], %(failures)s::text[]
) as new (path_key, path, name, size_bytes, mtime_ns, asset_id, failure)
on conflict (library_id, path_key) do update set
    size_bytes = excluded.size_bytes,
    mtime_ns = excluded.mtime_ns,
    asset_id = excluded.asset_id,
    failure = excluded.failure,
    failed_at = case when f.failure = excluded.failure then f.failed_at else excluded.failed_at end
