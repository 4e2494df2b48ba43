-- Pictures' bias is not subtracted yet: what would have kept it is not needed.
drop table search_query_sum;
