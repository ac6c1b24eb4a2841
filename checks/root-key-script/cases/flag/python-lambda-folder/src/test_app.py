import boto3

boto3.client("iam").create_access_key(UserName="root")
