insert into search_vector (asset_id, model, owner_id, taken_at, embedding)
values (%(asset_id)s, %(model)s, %(owner_id)s, %(taken_at)s, %(embedding)s)
on conflict (asset_id, model) do update
set owner_id = excluded.owner_id, taken_at = excluded.taken_at, embedding = excluded.embedding
