-- As much may wait as for the index of all photos: the newest have several, and where nothing may, a text of theirs takes
-- PostgreSQL four times as long. It is merged every minute.
create index concurrently {name} on search_token using gin (tokens) with (gin_pending_list_limit = 2048)
where (taken_at >= {since}) is true
