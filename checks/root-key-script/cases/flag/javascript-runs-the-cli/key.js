const { execSync } = require("node:child_process");

execSync("aws iam create-access-key --user-name root");
