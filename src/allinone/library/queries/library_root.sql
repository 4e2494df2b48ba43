select root from library where id = %(id)s
