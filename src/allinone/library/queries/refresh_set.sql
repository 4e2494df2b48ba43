update library_refresh set
    state = %(state)s,
    message = %(message)s,
    finished_at = case when %(state)s in ('done', 'failed') then now() end
where asset_id = %(asset_id)s and what = %(what)s
