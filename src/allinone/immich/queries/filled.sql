select exists (select from immich_reconciliation where finished_at is not null)
