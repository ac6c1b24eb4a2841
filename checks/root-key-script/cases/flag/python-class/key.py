import boto3


class Keys:
    def __init__(self):
        self.client = boto3.client("iam")

    def make(self):
        return self.client.create_access_key()


if __name__ == "__main__":
    Keys().make()
