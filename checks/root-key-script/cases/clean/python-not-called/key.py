import boto3

make = boto3.client("iam").create_access_key
