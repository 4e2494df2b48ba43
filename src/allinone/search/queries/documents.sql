select asset_id, folded, joined, chains, confidences
from search_token join search_document using (number)
where asset_id = any(%(assets)s::uuid[]) and owner_id = any(%(owners)s::uuid[])
