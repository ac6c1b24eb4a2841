const AWS = require("aws-sdk");
const make = new AWS.IAM().createAccessKey;
