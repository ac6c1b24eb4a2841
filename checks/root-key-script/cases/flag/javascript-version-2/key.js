const AWS = require("aws-sdk");

const iam = new AWS.IAM();
iam.createAccessKey({}, (error, data) => console.log(data));
