import boto3

boto3.client("opsworks").create_access_key()
