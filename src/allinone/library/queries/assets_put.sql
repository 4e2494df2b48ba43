insert into library_asset as a
    (id, library_id, checksum, kind, size_bytes, taken_at, file_created_at, file_modified_at)
select new.id, %(library_id)s, new.checksum, new.kind, new.size_bytes, new.local_time, new.file_time, new.file_time
from unnest(
    %(ids)s::uuid[], %(checksums)s::bytea[], %(kinds)s::text[], %(sizes)s::bigint[],
    %(local_times)s::timestamp[], %(file_times)s::timestamptz[]
) as new (id, checksum, kind, size_bytes, local_time, file_time)
on conflict (id) do update set
    missing_since = null,
    -- The bytes are the ones that could not be read before. If that was the disk's fault, it may be over.
    status = case when a.failure_kind = 'transient' then 'waiting' else a.status end,
    failure = case when a.failure_kind = 'transient' then null else a.failure end,
    failure_kind = nullif(a.failure_kind, 'transient'),
    updated_at = case when a.missing_since is null then a.updated_at else now() end
returning a.id, a.status
