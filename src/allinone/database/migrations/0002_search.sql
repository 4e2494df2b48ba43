-- What search keeps of an asset's text. Two tables, because asking and showing touch different bytes: a query
-- reads the text of hundreds of candidates, and shows the lines of a page.

create table search_token (
    asset_id uuid primary key,
    owner_id uuid not null,
    taken_at timestamp,
    -- What the index finds it by.
    tokens tsvector not null,
    -- What decides whether it answers: folded lines joined by line breaks; those that go on in each other as one
    -- text; which these are; and the confidence of each line (32-bit floats, little-endian).
    folded text not null,
    joined text not null,
    chains text not null,
    confidences bytea not null
);

-- A short pending list: every search reads it from end to end.
create index search_token_tokens on search_token using gin (tokens) with (gin_pending_list_limit = 1024);
create index search_token_newest on search_token (owner_id, taken_at desc nulls last);

create table search_lines (
    asset_id uuid primary key references search_token on delete cascade,
    -- As recognised: the lines in reading order, joined by line breaks; of each ten numbers (x1, y1 .. x4, y4,
    -- box score, text score; 64-bit floats, little-endian). Packed, because nothing here asks for a part.
    texts text not null,
    numbers bytea not null
);

create table search_vector (
    asset_id uuid not null,
    model text not null,
    owner_id uuid not null,
    taken_at timestamp,
    embedding vector not null,
    primary key (asset_id, model)
);

-- Compared in the row: fetching each vector from a side table costs more than comparing it.
alter table search_vector alter column embedding set storage plain;
create index search_vector_owner on search_vector (owner_id, model, asset_id);
