insert into library_refresh (asset_id, what, state)
select a.id, %(what)s, 'waiting'
from library_asset as a
where a.id = any(%(ids)s) and a.missing_since is null
on conflict (asset_id, what) do update set
    state = 'waiting', requested_at = now(), finished_at = null, message = null
returning asset_id, (select library_id from library_asset where id = asset_id) as library_id
