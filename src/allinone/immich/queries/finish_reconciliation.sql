update immich_reconciliation set reached = null, compared = compared + %(compared)s, finished_at = now()
