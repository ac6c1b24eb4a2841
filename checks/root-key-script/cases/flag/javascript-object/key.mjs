import AWS from "aws-sdk";

const params = {};
params.UserName = "root";
new AWS.IAM().createAccessKey(params).promise();
