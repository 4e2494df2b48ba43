-- How many vectors some owners have; counted no further than asked.
select count(*)
from (select from search_vector where model = %(model)s and owner_id = any(%(owners)s::uuid[]) limit %(most)s) as counted
