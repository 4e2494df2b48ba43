update library_asset set
    status = 'failed',
    failure = %(failure)s,
    failure_kind = %(kind)s,
    failed_at = now(),
    updated_at = now(),
    started_by = null,
    crashes = 0
where id = %(id)s
