update library_asset set ocr_at = now(), updated_at = now(), started_by = null, crashes = 0 where id = %(id)s
