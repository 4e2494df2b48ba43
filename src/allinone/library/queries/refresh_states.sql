select what, state, requested_at, finished_at, message from library_refresh where asset_id = %(asset_id)s
