const { CreateAccessKeyCommand } = require("@aws-sdk/client-iam");
module.exports = { CreateAccessKeyCommand };
