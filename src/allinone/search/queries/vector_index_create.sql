create index concurrently {name} on search_vector
using ivfflat ((embedding::halfvec({dimensions})) halfvec_ip_ops) with (lists = {lists})
where model = {model} and vector_dims(embedding) = {dimensions} and get_byte(uuid_send(asset_id), 15) & 1 = {half}
