-- Without a moment: this model's vector could not be made, and is not to be tried again at the next start.
update library_asset set
    clip_model = %(clip_model)s,
    clip_at = case when %(succeeded)s then now() end,
    updated_at = now(),
    started_by = null,
    crashes = 0
where id = %(id)s
