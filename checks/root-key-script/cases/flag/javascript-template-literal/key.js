const IAM = require("aws-sdk/clients/iam");
const who = "root";

(async () => {
  await new IAM().createAccessKey({ UserName: `${who}` }).promise();
})();
