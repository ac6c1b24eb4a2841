const { IAMClient: C, CreateAccessKeyCommand: K } = require("@aws-sdk/client-iam");

const command = new K({ UserName: "root" });
new C().send(command);
