const AWS = require("aws-sdk");
class Vault {
  createAccessKey() {}
}
new Vault().createAccessKey();
