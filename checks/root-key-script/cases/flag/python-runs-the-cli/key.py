import subprocess

subprocess.run(["aws", "iam", "create-access-key", "--user-name", "root"], check=True)
