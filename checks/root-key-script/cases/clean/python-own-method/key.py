import boto3


class Vault:
    def create_access_key(self):
        return 1


Vault().create_access_key()
