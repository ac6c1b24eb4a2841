from minio import Client

Client("x").create_access_key(UserName="root")
