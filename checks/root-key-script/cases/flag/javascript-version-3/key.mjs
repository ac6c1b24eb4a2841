import { IAMClient, CreateAccessKeyCommand } from "@aws-sdk/client-iam";

const client = new IAMClient({});
await client.send(new CreateAccessKeyCommand({}));
