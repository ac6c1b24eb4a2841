console.log("new AWS.IAM().createAccessKey({})");
