update search_token
set form = %(form)s, tokens = array_to_tsvector(string_to_array(renewed.tokens, ' '))
from unnest(%(asset_id)b::uuid[], %(tokens)b::text[]) as renewed (asset_id, tokens)
where search_token.asset_id = renewed.asset_id
