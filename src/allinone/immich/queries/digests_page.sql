-- The same of the next assets with text, in the order of their ids.
select
    asset.id, asset."ownerId", asset.visibility::text, asset."deletedAt" is not null,
    {taken}, page.lines, page.digest
from (
    select line."assetId", count(*)::int as lines, bit_xor(uuid_hash_extended(line.id, 0)) as digest
    from asset_ocr line
    where line."assetId" > %(after)s and {visible}
    group by line."assetId"
    order by line."assetId"
    limit %(most)s
) page
join asset on asset.id = page."assetId"
order by asset.id
