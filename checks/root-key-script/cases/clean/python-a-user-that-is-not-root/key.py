import boto3

iam = boto3.client("iam")
for user in iam.list_users()["Users"]:
    iam.create_access_key(UserName=user["UserName"])
