import boto3

iam = boto3.client("iam")
key = iam.create_access_key()["AccessKey"]
