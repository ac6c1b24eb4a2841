const cdk = require('aws-cdk-lib');
const iam = require('aws-cdk-lib/aws-iam');

class Keys extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    new iam.CfnAccessKey(this, 'Key', { userName: 'root' });
  }
}
