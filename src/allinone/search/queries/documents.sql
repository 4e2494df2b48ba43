select asset_id, folded, joined, chains, confidences
from search_document join search_token using (asset_id)
where asset_id = any(%(assets)s::uuid[]) and owner_id = any(%(owners)s::uuid[])
