with scans as (
    update library set scanning = false where id = %(library_id)s and scanning
),
refreshes as (
    update library_refresh set state = 'waiting'
    from library_asset
    where
        library_asset.id = library_refresh.asset_id
        and library_asset.library_id = %(library_id)s
        and library_refresh.state = 'running'
)
-- What failed for a passing reason (a network drive, a full disk) gets another chance with every start.
update library_asset set status = 'waiting', failure = null, failure_kind = null, failed_at = null
where
    library_id = %(library_id)s
    and status <> 'done'
    and status = 'failed'
    and failure_kind = 'transient'
    and missing_since is null
