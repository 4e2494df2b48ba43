-- A library is a root folder of photos. Its id is the owner of its photos wherever an owner is asked for.
create table library (
    id uuid primary key,
    root bytea not null,  -- file names are bytes, not text
    opened_at timestamptz not null default now(),
    -- How the folder looked the last time somebody looked; for progress.
    scanning boolean not null default false,
    scan_files bigint not null default 0,
    scanned_at timestamptz,
    notice text
);

-- One row per distinct content. The id is made from the library and the content, so that it survives renames.
create table library_asset (
    id uuid primary key,
    library_id uuid not null references library (id) on delete cascade,
    checksum bytea not null,  -- SHA-1
    kind text not null check (kind in ('IMAGE', 'VIDEO')),
    size_bytes bigint not null,
    -- Until the photo has been read, both stand for the file's time.
    taken_at timestamp not null,
    file_created_at timestamptz not null,
    file_modified_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    media_type text,
    width integer,
    height integer,
    duration_ms bigint,
    make text,
    model text,
    lens_model text,
    latitude double precision,
    longitude double precision,
    ocr_at timestamptz,
    clip_at timestamptz,
    clip_model text,
    status text not null default 'waiting' check (status in ('waiting', 'done', 'failed')),
    failure text,
    failure_kind text check (failure_kind in ('image', 'transient', 'crash')),
    failed_at timestamptz,
    -- Which run of the worker is reading it now, and how many runs ended abruptly while they did.
    started_by uuid,
    crashes integer not null default 0,
    missing_since timestamptz
);

create index library_asset_newest on library_asset (library_id, taken_at desc, id desc)
    where missing_since is null and status = 'done';
create index library_asset_unfinished on library_asset (library_id, status, id)
    where missing_since is null and status <> 'done';
create index library_asset_missing on library_asset (library_id, missing_since)
    where missing_since is not null;

-- One row per file. A path can be longer than an index entry may be, hence the key: its SHA-1.
create table library_file (
    library_id uuid not null references library (id) on delete cascade,
    path_key bytea not null,
    path bytea not null,  -- relative to the root
    name text not null,  -- of the file alone, for people
    size_bytes bigint not null,
    mtime_ns bigint not null,
    asset_id uuid references library_asset (id) on delete cascade,
    failure text,  -- why its bytes could not be read; then there is no asset
    failed_at timestamptz,
    added_at timestamptz not null default clock_timestamp(),
    primary key (library_id, path_key)
);

create index library_file_asset on library_file (asset_id, added_at, path_key);
create index library_file_unreadable on library_file (library_id, failed_at) where asset_id is null;

-- What became of the last request to read a photo again.
create table library_refresh (
    asset_id uuid not null references library_asset (id) on delete cascade,
    what text not null check (what in ('ocr', 'clip')),
    state text not null check (state in ('waiting', 'running', 'done', 'failed')),
    requested_at timestamptz not null default now(),
    finished_at timestamptz,
    message text,
    primary key (asset_id, what)
);
