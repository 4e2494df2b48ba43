update search_token
set form = %(form)s, tokens = renewed.tokens, padding = repeat(' ', greatest(2040 - pg_column_size(renewed.tokens), 0))
from (
    select asset_id, array_to_tsvector(string_to_array(tokens, ' ')) as tokens
    from unnest(%(asset_id)b::uuid[], %(tokens)b::text[]) as text (asset_id, tokens)
    offset 0
) as renewed
where search_token.asset_id = renewed.asset_id
