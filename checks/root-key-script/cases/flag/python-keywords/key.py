import boto3

arguments = {}
arguments["UserName"] = "root"
boto3.client("iam").create_access_key(**arguments)
