insert into search_preference (user_id, picture_weight, cutoff, fusion)
values (%(user_id)s, %(picture_weight)s, %(cutoff)s, %(fusion)s)
on conflict (user_id) do update
set picture_weight = excluded.picture_weight, cutoff = excluded.cutoff, fusion = excluded.fusion
