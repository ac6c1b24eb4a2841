import { IAMClient, CreateAccessKeyCommand } from "@aws-sdk/client-iam";

class Keys {
  private readonly client: IAMClient = new IAMClient({});

  async make(name: string): Promise<void> {
    await this.client.send(new CreateAccessKeyCommand({ UserName: name }));
  }
}

new Keys().make("root");
