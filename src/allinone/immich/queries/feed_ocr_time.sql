-- Versions before 3.1 tell only when an asset was read.
select "assetId", "ocrAt"::text from asset_job_status
where "ocrAt" > %(after)s::timestamptz order by "ocrAt" limit %(most)s
