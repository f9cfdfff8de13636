import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The vendor's client of its cloud API, as far as the tests use it. */
interface CloudClient {
  // biome-ignore lint/suspicious/noExplicitAny: replies differ with every action.
  request(action: string, parameters?: object, options?: { method?: "GET" | "POST" }): Promise<any>;
}

interface PopCore {
  readonly RPCClient: new (options: {
    accessKeyId: string;
    accessKeySecret: string;
    endpoint: string;
    apiVersion: string;
  }) => CloudClient;
}

const { RPCClient } = require("@alicloud/pop-core") as PopCore;

/** The client as npm delivers it; an application changes its keys and its endpoint, and nothing else. */
export function openCloudClient(
  port: number,
  { accessKeyId, accessKeySecret }: { accessKeyId: string; accessKeySecret: string },
): CloudClient {
  return new RPCClient({
    accessKeyId,
    accessKeySecret,
    endpoint: `http://127.0.0.1:${port}`,
    apiVersion: "2018-01-20",
  });
}
