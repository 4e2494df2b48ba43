-- Models with many vectors, how many numbers these have, and how many they are.
select model, vector_dims(embedding) as dimensions, count(*)
from search_vector
group by 1, 2
having count(*) >= %(least)s
