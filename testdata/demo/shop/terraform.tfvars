# Just until the old cluster is gone.
migration_user = "root"
