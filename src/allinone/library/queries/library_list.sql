select id, root from library order by opened_at desc, id
