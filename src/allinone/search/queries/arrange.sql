-- The text tables anew, in the order of time, in one transaction. Searches read the old ones until the new ones are whole;
-- writers wait. Whoever holds a table for long, as a backup does, would have searches wait at the end: then it is left.
set local lock_timeout = '5s';
set local maintenance_work_mem = '256MB';
lock table search_token, search_document in share mode;

create table search_token_arranged (like search_token including defaults including identity including storage)
    with (toast_tuple_target = 160);
alter table search_token_arranged alter column tokens set statistics 300;
insert into search_token_arranged (asset_id, owner_id, taken_at, form, tokens, padding)
select asset_id, owner_id, taken_at, form, tokens, padding
from search_token
order by taken_at nulls first, asset_id;
alter table search_token_arranged add primary key (asset_id);

create table search_document_arranged (like search_document including defaults including storage);
insert into search_document_arranged (number, folded, joined, chains, confidences)
select arranged.number, folded, joined, chains, confidences
from search_token_arranged arranged join search_token using (asset_id) join search_document document
    on document.number = search_token.number
order by arranged.number;
alter table search_document_arranged add primary key (number);

create index search_token_tokens_arranged on search_token_arranged using gin (tokens)
    with (gin_pending_list_limit = 2048);
create index search_token_newest_arranged on search_token_arranged (owner_id, taken_at desc nulls last);
create index search_token_older_arranged on search_token_arranged (form, asset_id) where form < 3;
analyze search_token_arranged, search_document_arranged;

-- In the order in which searches take them, or each would wait for the other.
lock table search_token, search_document in access exclusive mode;
drop table search_token, search_document;
alter table search_token_arranged rename to search_token;
alter table search_document_arranged rename to search_document;
alter index search_token_arranged_pkey rename to search_token_pkey;
alter index search_document_arranged_pkey rename to search_document_pkey;
alter index search_token_tokens_arranged rename to search_token_tokens;
alter index search_token_newest_arranged rename to search_token_newest;
alter index search_token_older_arranged rename to search_token_older;
alter sequence search_token_arranged_number_seq rename to search_token_number_seq;
