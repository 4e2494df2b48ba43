create index concurrently {name} on search_vector
using hnsw ((embedding::halfvec({dimensions})) halfvec_ip_ops)
where model = {model} and vector_dims(embedding) = {dimensions}
