-- What is told of a photo (a), its library (l) and its first file (f); a part of other statements.
    a.id, a.library_id, l.root, f.path as relative_path, f.name as file_name, a.media_type, a.kind, a.checksum,
    a.size_bytes, a.width, a.height, a.taken_at, a.file_created_at, a.file_modified_at, a.created_at,
    a.updated_at, a.duration_ms, a.make, a.model, a.lens_model, a.latitude, a.longitude, a.ocr_at, a.clip_at,
    a.clip_model, a.failure
