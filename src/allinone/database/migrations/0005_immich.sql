-- What following an Immich remembers. All of it can be made anew from Immich's own tables.

-- Of each asset whose text is in the index: what it was made of. Compared with Immich's rows to find changes.
create table immich_document (
    asset_id uuid primary key,
    shelf_id uuid not null,  -- the owner in the index: whose, and in which of Immich's places (see shelves)
    taken_at timestamp,
    lines integer not null,
    digest bigint not null  -- of the ids of its lines
);

-- How far each of Immich's change feeds has been read.
create table immich_feed (
    name text primary key,
    position text not null
);

-- One row: how far the comparison of everything is, and what it was about.
create table immich_reconciliation (
    one boolean primary key default true check (one),
    storage bigint,  -- the file that held Immich's lines: another one after TRUNCATE or a restored backup
    begun_at timestamptz,
    reached uuid,  -- assets up to here have been compared; null: none yet, or all
    compared bigint not null default 0,
    expected bigint not null default 0,
    finished_at timestamptz
);
