-- The library (l) and the first file (f) of a photo (a); a part of other statements.
join library as l on l.id = a.library_id
cross join lateral (
    select path, name from library_file where asset_id = a.id order by added_at, path_key limit 1
) as f
