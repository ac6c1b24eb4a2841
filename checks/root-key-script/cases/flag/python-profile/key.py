from boto3 import Session

session = Session(profile_name="root")
session.client("iam").create_access_key()
