profile = "root"
