-- Some assets and their lines, one row a line, those of an asset together; assets without lines have one row, deleted
-- ones none.
select
    asset.id, asset."ownerId", asset.visibility::text, asset."deletedAt" is not null,
    {taken}, asset.width, asset.height,
    line.id, uuid_hash_extended(line.id, 0), line.text,
    line.x1, line.y1, line.x2, line.y2, line.x3, line.y3, line.x4, line.y4, line."boxScore", line."textScore"
from asset
left join asset_ocr line on line."assetId" = asset.id and {visible}
where asset.id = any(%(assets)s)
order by asset.id, line.id
