aws iam create-access-key
