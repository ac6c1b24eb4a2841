import boto3

print("iam.create_access_key()")
print(["aws", "iam", "create-access-key"])
