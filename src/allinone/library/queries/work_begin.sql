update library_asset as a set
    crashes = a.crashes + case when a.started_by <> %(run)s then 1 else 0 end,
    started_by = %(run)s
from library as l
where a.id = %(id)s and a.missing_since is null and l.id = a.library_id
returning a.id, a.library_id, l.root, a.status, a.taken_at, a.file_created_at, a.clip_model, a.crashes
