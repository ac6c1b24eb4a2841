const AWS = require("aws-sdk");
// new AWS.IAM().createAccessKey({});
/* new AWS.IAM().createAccessKey({}); */
