-- What Immich holds of some assets, so that two looks tell whether a job has written between them.
-- smart_search has no time of its own; its row's version changes even where the same vector is written again.
select wanted.id,
    status."ocrAt",
    lines.count,
    lines.digest,
    smart.xmin::text || ' ' || smart.ctid::text,
    md5(smart.embedding::text)
from unnest(%(assets)s::uuid[]) as wanted(id)
left join asset_job_status status on status."assetId" = wanted.id
left join smart_search smart on smart."assetId" = wanted.id
cross join lateral (
    select count(*), md5(string_agg(line.text, chr(10) order by line.y1, line.x1, line.text)) as digest
    from asset_ocr line
    where line."assetId" = wanted.id
) lines
