import boto3


def make(client, name):
    return client.create_access_key(UserName=name)


make(boto3.client("iam"), "root")
