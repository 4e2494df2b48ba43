select id
from library_asset
where
    library_id = %(library_id)s
    and missing_since is null
    and status = 'done'
    and clip_model is distinct from %(clip_model)s
    and id > %(after)s
order by id
limit %(limit)s
