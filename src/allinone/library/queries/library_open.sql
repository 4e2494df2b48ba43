insert into library (id, root) values (%(id)s, %(root)s)
on conflict (id) do update set opened_at = now()
