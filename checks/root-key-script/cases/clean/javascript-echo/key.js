const { execSync } = require("child_process");
execSync("echo aws iam create-access-key");
