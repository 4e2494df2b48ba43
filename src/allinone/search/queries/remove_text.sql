with lines as (delete from search_lines where asset_id = any(%(assets)s::uuid[])),
    documents as (delete from search_document where asset_id = any(%(assets)s::uuid[]))
delete from search_token where asset_id = any(%(assets)s::uuid[])
