-- The array of shares has two more elements than that of tokens.
select token, share
from pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) as common (token, share)
where schemaname = any(current_schemas(false)) and tablename = 'search_token' and attname = 'tokens'
  and token is not null and share > 0
