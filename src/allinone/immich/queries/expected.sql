select count(*) from asset_job_status where "ocrAt" is not null
