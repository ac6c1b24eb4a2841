import boto3 as b

user = b.resource("iam").User("root")
user.create_access_key_pair()
