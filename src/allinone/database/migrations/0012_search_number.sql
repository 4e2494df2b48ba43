-- A photo's document goes by a number, given in the order of time, instead of by the photo's id. Of two hundred photos that a
-- search looks at, most are near each other in time: their documents are near each other in the index, too, where random ids
-- had each start from the top of it, which was half of PostgreSQL's time for a common word. And new documents go to the
-- end of that index.
create table search_token_numbered (
    asset_id uuid primary key,
    owner_id uuid not null,
    taken_at timestamp,
    number bigint generated always as identity,  -- of the document
    form smallint not null,
    tokens tsvector not null,
    padding text not null default repeat(' ', 2100)
) with (toast_tuple_target = 160);
alter table search_token_numbered alter column tokens set storage external;
alter table search_token_numbered alter column tokens set statistics 300;
insert into search_token_numbered (asset_id, owner_id, taken_at, form, tokens, padding)
select asset_id, owner_id, taken_at, form, tokens, padding
from search_token
order by taken_at nulls first, asset_id;

create table search_document_numbered (
    number bigint primary key,
    folded text not null,
    joined text not null,
    chains text not null,
    confidences bytea not null
);
insert into search_document_numbered (number, folded, joined, chains, confidences)
select number, folded, joined, chains, confidences
from search_token_numbered join search_document using (asset_id)
order by number;

drop table search_document;
alter table search_document_numbered rename to search_document;
alter index search_document_numbered_pkey rename to search_document_pkey;

-- The indexes of the newest photos go, too, and are made anew in the background.
drop table search_token;
alter table search_token_numbered rename to search_token;
alter index search_token_numbered_pkey rename to search_token_pkey;
alter sequence search_token_numbered_number_seq rename to search_token_number_seq;
create index search_token_tokens on search_token using gin (tokens) with (gin_pending_list_limit = 2048);
create index search_token_newest on search_token (owner_id, taken_at desc nulls last);
create index search_token_older on search_token (form, asset_id) where form < 3;
analyze search_token, search_document;
