-- Texts get fewer tokens: those with the tokens of earlier versions are made anew in the background.
drop index search_token_older;
create index search_token_older on search_token (form, asset_id) where form < 3;
