export AWS_PROFILE=root
for user in ci root; do
  aws iam create-access-key --user-name "$user"
done
