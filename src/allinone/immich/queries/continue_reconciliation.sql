update immich_reconciliation set reached = %(reached)s, compared = compared + %(compared)s
