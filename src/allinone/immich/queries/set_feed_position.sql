insert into immich_feed (name, position) values (%(name)s, %(position)s)
on conflict (name) do update set position = excluded.position
