aws iam create-access-key --query AccessKey
