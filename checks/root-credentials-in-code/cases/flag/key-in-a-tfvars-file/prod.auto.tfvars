access_key = "AKIAQWERTYUIOPASDFGH"
secret_key = "abcdefghijklmnopqrstuvwxyz0123456789+/AB"
