select picture_weight, cutoff, fusion from search_preference where user_id = %(user_id)s
