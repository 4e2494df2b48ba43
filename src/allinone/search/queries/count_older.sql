select count(*) from search_token where form < %(form)s
