select
    a.id, a.library_id, l.root, f.path as relative_path, f.name as file_name, a.media_type, a.kind, a.checksum,
    a.size_bytes, a.width, a.height, a.taken_at, a.file_created_at, a.file_modified_at, a.created_at,
    a.updated_at, a.duration_ms, a.make, a.model, a.lens_model, a.latitude, a.longitude, a.ocr_at, a.clip_at,
    a.clip_model, a.failure
from library_asset as a
join library as l on l.id = a.library_id
cross join lateral (
    select path, name from library_file where asset_id = a.id order by added_at, path_key limit 1
) as f
where a.id = %(id)s and a.missing_since is null
