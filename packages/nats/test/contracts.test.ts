import { createNatsUplinkLog, openNats } from "@trine/nats";
import { describeUplinkLog } from "@trine/testkit/ports";
import { startNats, type TestServer } from "@trine/testkit/servers";
import { afterAll, beforeAll } from "vitest";

let server: TestServer | undefined;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server?.dispose());

describeUplinkLog("NATS JetStream", async () => {
  const open = () => openNats({ url: server?.url ?? "", onFault: () => undefined });
  const [one, two] = [await open(), await open()];
  return {
    store: createNatsUplinkLog(one),
    second: createNatsUplinkLog(two),
    async dispose() {
      await one.close();
      await two.close();
    },
  };
});
