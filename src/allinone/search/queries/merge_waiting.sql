-- New entries of the index wait in a list that every search reads; nothing waits after this.
select gin_clean_pending_list('search_token_tokens')
