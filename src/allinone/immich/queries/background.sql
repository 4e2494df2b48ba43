-- Always the same sample of the photos that are there; what is new joins it in its turn.
select embedding from smart_search
where "assetId" in (
    select id from asset
    where "ownerId" = any(%(owners)s) and visibility in ('timeline', 'archive') and "deletedAt" is null
    order by uuid_hash_extended(id, 7)
    limit %(most)s
)
