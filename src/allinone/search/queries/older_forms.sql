-- Locked, so that a text written meanwhile is not overwritten by its older self.
select asset_id, taken_at, folded, joined, chains, confidences
from search_token join search_document using (number)
where form < %(form)s
order by form, asset_id
limit %(most)s
for update of search_token skip locked
