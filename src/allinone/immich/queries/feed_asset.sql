select id, "updateId"::text from asset where "updateId" > %(after)s::uuid order by "updateId" limit %(most)s
