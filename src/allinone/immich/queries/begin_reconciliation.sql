-- When the last one ended stays known, unless the lines lie in another file now.
insert into immich_reconciliation (storage, begun_at, expected) values (%(storage)s, now(), %(expected)s)
on conflict (one) do update
set storage = excluded.storage, begun_at = now(), reached = null, compared = 0, expected = excluded.expected,
    finished_at = case when excluded.storage is not distinct from immich_reconciliation.storage
        then immich_reconciliation.finished_at end
