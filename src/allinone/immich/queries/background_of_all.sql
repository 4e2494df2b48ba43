-- The same of everybody's photos, for owners who have few. No more than a mean and a deviation is made of them.
select embedding from smart_search
where "assetId" in (
    select id from asset
    where visibility in ('timeline', 'archive') and "deletedAt" is null
    order by uuid_hash_extended(id, 7)
    limit %(most)s
)
