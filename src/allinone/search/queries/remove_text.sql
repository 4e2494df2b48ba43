with lines as (delete from search_lines where asset_id = any(%(assets)s::uuid[])),
    removed as (delete from search_token where asset_id = any(%(assets)s::uuid[]) returning number)
delete from search_document where number in (select number from removed)
