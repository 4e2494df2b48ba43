select version from version_history order by "createdAt" desc limit 1
