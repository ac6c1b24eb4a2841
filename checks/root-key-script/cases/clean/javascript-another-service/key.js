const AWS = require("aws-sdk");
new AWS.OpsWorks().createAccessKey({});
