-- Which photos (a) AssetFilters lets pass; a part of other statements.
a.library_id = %(library_id)s and a.missing_since is null and a.status = 'done'
    and (%(id)s::uuid is null or a.id = %(id)s::uuid)
    and (%(kind)s::text is null or a.kind = %(kind)s)
    and (%(taken_after)s::timestamptz is null or a.file_created_at >= %(taken_after)s)
    and (%(taken_before)s::timestamptz is null or a.file_created_at <= %(taken_before)s)
    and (%(created_after)s::timestamptz is null or a.created_at >= %(created_after)s)
    and (%(created_before)s::timestamptz is null or a.created_at <= %(created_before)s)
    and (%(updated_after)s::timestamptz is null or a.updated_at >= %(updated_after)s)
    and (%(updated_before)s::timestamptz is null or a.updated_at <= %(updated_before)s)
    and (%(checksum)s::bytea is null or a.checksum = %(checksum)s)
    and (%(make)s::text is null or a.make = %(make)s)
    and (%(model)s::text is null or a.model = %(model)s)
    and (%(lens_model)s::text is null or a.lens_model = %(lens_model)s)
    and not ('make' = any(%(empty)s::text[]) and a.make is not null)
    and not ('model' = any(%(empty)s::text[]) and a.model is not null)
    and not ('lens_model' = any(%(empty)s::text[]) and a.lens_model is not null)
    and (%(name_pattern)s::text is null or exists (
        select from library_file as named where named.asset_id = a.id and named.name ilike %(name_pattern)s))
    and (%(path_part)s::bytea is null or exists (
        select from library_file as placed
        where placed.asset_id = a.id and position(%(path_part)s in placed.path) > 0))
