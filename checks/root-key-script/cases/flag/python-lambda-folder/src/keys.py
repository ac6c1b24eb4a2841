import boto3


def make():
    return boto3.client("iam").create_access_key()
