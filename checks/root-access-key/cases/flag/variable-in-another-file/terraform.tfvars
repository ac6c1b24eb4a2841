key_owner = "root"
