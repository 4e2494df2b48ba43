-- Models with many vectors, and how many numbers these have.
select model, vector_dims(embedding) as dimensions
from search_vector
group by 1, 2
having count(*) >= %(least)s
