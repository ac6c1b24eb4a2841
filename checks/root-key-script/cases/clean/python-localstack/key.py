import boto3

boto3.client("iam", endpoint_url="http://localhost:4566").create_access_key()
