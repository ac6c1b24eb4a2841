const { IAM } = require("@aws-sdk/client-iam");
const { fromIni } = require("@aws-sdk/credential-providers");

new IAM({ credentials: fromIni({ profile: "root" }) }).createAccessKey({});
