-- Little may wait: every search reads it, and photos of these days are those that come one by one. Without any waiting, a
-- text of theirs takes PostgreSQL fifteen times as long as with this.
create index concurrently {name} on search_token using gin (tokens) with (gin_pending_list_limit = 512)
where (taken_at >= {since}) is true
