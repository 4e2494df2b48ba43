-- What the text of some assets consists of.
select
    asset.id, asset."ownerId", asset.visibility::text, asset."deletedAt" is not null,
    {taken}, count(*)::int, bit_xor(uuid_hash_extended(line.id, 0))
from asset
join asset_ocr line on line."assetId" = asset.id and {visible}
where asset.id = any(%(assets)s)
group by asset.id
