select storage, begun_at, reached, compared, expected, finished_at from immich_reconciliation
