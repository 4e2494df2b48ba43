-- The table that the index points into becomes narrow: the more rows a page holds, the closer together the places
-- that the index lists, and the fewer bytes each takes. What decides, and what is shown, lie beside it.

create table search_document (
    asset_id uuid primary key,
    folded text not null,
    joined text not null,
    chains text not null,
    confidences bytea not null
);
insert into search_document select asset_id, folded, joined, chains, confidences from search_token;

-- Removing an asset names all its tables; checking a reference for each new row would cost more than writing it.
alter table search_lines drop constraint search_lines_asset_id_fkey;

create table search_token_narrow (
    asset_id uuid primary key,
    owner_id uuid not null,
    taken_at timestamp,
    -- Which tokens a text gets changes with versions: rows of an older form are made anew in the background.
    form smallint not null,
    tokens tsvector not null
) with (toast_tuple_target = 128);
-- Read by nobody but the index: out of the row, and not worth compressing.
alter table search_token_narrow alter column tokens set storage external;
insert into search_token_narrow select asset_id, owner_id, taken_at, 1, tokens from search_token;

drop table search_token;
alter table search_token_narrow rename to search_token;
alter index search_token_narrow_pkey rename to search_token_pkey;
create index search_token_tokens on search_token using gin (tokens) with (gin_pending_list_limit = 1024);
create index search_token_newest on search_token (owner_id, taken_at desc nulls last);
create index search_token_older on search_token (form, asset_id) where form < 2;

-- How somebody wants pictures and text weighed; what is null is as usual.
create table search_preference (
    user_id uuid primary key,
    picture_weight real check (picture_weight between 0 and 1),
    cutoff text check (cutoff in ('off', 'normal', 'strict')),
    fusion text check (fusion in ('convex', 'reciprocal'))
);

-- The sum of all queries' vectors, by model. A picture's likeness to their mean is its bias: how much it is like
-- every query.
create table search_query_sum (
    model text not null,
    dimensions integer not null,
    queries bigint not null,
    total vector not null,
    primary key (model, dimensions)
);
