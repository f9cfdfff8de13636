import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "@nats-io/transport-node";
import { createNatsUplinkLog, type NatsHandle, openNats } from "@trine/nats";
import { aDeviceRef, anUplink } from "@trine/testkit/ports";
import { startNats, type TestServer } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const EXAMPLE = fileURLToPath(new URL("../../../docs/examples/nats_consumer.py", import.meta.url));
const run = promisify(execFile);

/** Programs of an installation that read the stream with NATS's own means, as docs/operations.md tells them to. */
describe("another program", () => {
  let server: TestServer;
  let nats: NatsHandle;

  beforeAll(async () => {
    server = await startNats();
    nats = await openNats({ url: server.url, onFault: () => undefined });
  });
  afterAll(async () => {
    await nats.close();
    await server.dispose();
  });

  async function runExample(count: number): Promise<Record<string, unknown>[]> {
    const { stdout } = await run("python3", [EXAMPLE, String(count)], { env: { NATS_PORT: String(server.port) } });
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it("reads every message once with a durable consumer, each header as documented, and goes on where it was", async () => {
    const log = createNatsUplinkLog(nats);
    const device = aDeviceRef();
    const odd = anUplink(device, { topic: "/a b/%41/空\r\n/#", payload: Buffer.from([0, 255]), qos: 0 });
    const messages = [odd, anUplink(device), anUplink(device, { payload: Buffer.alloc(0) })];
    for (const message of messages) await log.append(message);
    const read = [...(await runExample(2)), ...(await runExample(1))];
    expect(read).toEqual(
      messages.map(({ receivedAtMs, payload, ...message }) => ({
        ...message,
        receivedAt: new Date(receivedAtMs).toISOString(),
        payload: payload.toString("base64"),
      })),
    );
  });

  it("sees a message as it is appended with a plain subscription to a partition's subject", async () => {
    const other = await connect({ servers: server.url });
    const subscription = other.subscribe("trine.uplink.*", { max: 1 });
    await other.flush();
    const message = anUplink(aDeviceRef());
    await createNatsUplinkLog(nats).append(message);
    for await (const seen of subscription) {
      expect(seen.subject).toMatch(/^trine\.uplink\.\d{1,2}$/);
      expect(seen.headers?.get("Nats-Msg-Id")).toBe(message.messageId);
      expect(Buffer.from(seen.data)).toEqual(message.payload);
    }
    await other.close();
  });
});
