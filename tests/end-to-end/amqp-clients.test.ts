import { join } from "node:path";
import { connectMqtt, type DeviceCertificate } from "@trine/device";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AccessKey, openApplication } from "../src/amqp-application.ts";
import { addDevice, makeProduct, topicOf } from "../src/fleet.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { runCommand } from "../src/run-command.ts";

interface Line {
  readonly topic: string;
  readonly text: string;
  readonly messageId: string;
  readonly generateTime: number;
  readonly qos: number;
}

/** The examples of docs/amqp.md, each with a client library of its own. */
const CLIENTS = [
  ["rhea", [process.execPath, join(ROOT, "docs/examples/amqp-subscriber.cjs")]],
  // Debian's own: another Python on the machine knows nothing of its packages.
  ["Qpid Proton", ["/usr/bin/python3", join(ROOT, "docs/examples/amqp_subscriber.py")]],
] as const;

const DEADLINE_MS = 2_000;
const WAIT = { timeout: 15_000 };

describe.each(INSTALLATIONS)("applications that subscribe over AMQP, %s", (kind) => {
  let trine: Installation;
  let productKey: string;
  let key: AccessKey;
  let device: DeviceCertificate;

  beforeAll(async () => {
    trine = await startInstallation(kind);
    productKey = await makeProduct(trine.api);
    key = await makeKey({ role: "operator" });
    device = await addDevice(trine.api, productKey);
  }, 120_000);
  afterAll(() => trine?.dispose());

  const makeKey = (grant: object) => trine.api.call<AccessKey>("POST", "/v1/access-keys", { name: "amqp", ...grant });

  async function makeGroup(group: string): Promise<string> {
    await trine.api.call("PUT", `/v1/uplink/groups/${group}`, { from: "latest", ackDeadlineMs: DEADLINE_MS });
    return group;
  }

  async function send(texts: readonly string[], from = device): Promise<void> {
    const connection = await connectMqtt({ host: "127.0.0.1", port: trine.ports.mqtt, certificate: from });
    for (const payload of texts) await connection.publish({ topic: topicOf(from, "user/update"), payload });
    await connection.close();
  }

  const environment = (group: string, { accessKeyId, accessKeySecret }: AccessKey) => ({
    AMQP_HOST: "localhost",
    AMQP_PORT: String(trine.ports.amqps),
    CA_FILE: trine.caFile,
    ACCESS_KEY_ID: accessKeyId,
    ACCESS_KEY_SECRET: accessKeySecret,
    CONSUMER_GROUP: group,
    NODE_PATH: join(ROOT, "tests/node_modules"),
  });

  /** Runs a client until it has received so many messages of devices. */
  async function receive(
    [program, file]: readonly [string, string],
    { group, count, by = key }: { group: string; count: number; by?: AccessKey },
  ): Promise<{ code: number | string | null; lines: readonly Line[]; stderr: string }> {
    const ran = await runCommand([program, file, String(count)], { env: environment(group, by), withinMs: 20_000 });
    const lines = ran.stdout.split("\n").filter((line) => line !== "");
    return { code: ran.code, stderr: ran.stderr, lines: lines.map((line) => JSON.parse(line) as Line) };
  }

  const lagOf = async (group: string) => {
    const { items } = await trine.api.call<{ items: { group: string; lag: number }[] }>("GET", "/v1/uplink/groups");
    return items.find((each) => each.group === group)?.lag;
  };

  describe.each(CLIENTS)("%s", (library, command) => {
    const group = `${library.replace(" ", "-")}`;

    it("receives what devices send, in order, and none of it again", async () => {
      await makeGroup(group);
      const sent = Array.from({ length: 20 }, (_, i) => `message ${i}`);
      await send(sent);
      // Presence comes in the log as well: online, the messages, offline.
      const { code, lines, stderr } = await receive(command, { group, count: 22 });
      expect(code, stderr).toBe(0);
      const own = lines.filter(({ topic }) => topic === topicOf(device, "user/update"));
      expect(own.map(({ text }) => text)).toEqual(sent);
      expect(own[0]).toMatchObject({
        messageId: expect.stringMatching(/^\d+$/),
        generateTime: expect.any(Number),
        qos: 1,
      });
      expect(Math.abs(Date.now() - (own[0]?.generateTime ?? 0))).toBeLessThan(60_000);
      expect(lines.filter(({ topic }) => topic.startsWith("/as/mqtt/status/"))).toHaveLength(2);
      await expect.poll(() => lagOf(group)).toBe(0);
    });

    it("is told that its key is wrong, that it may not read, and that its product is another", async () => {
      const wrong = await receive(command, { group, count: 1, by: { ...key, accessKeySecret: "0".repeat(30) } });
      expect(wrong).toMatchObject({ code: 1, lines: [], stderr: expect.stringMatching(/unauthorized/i) });
      const viewer = await receive(command, { group, count: 1, by: await makeKey({ role: "viewer" }) });
      expect(viewer).toMatchObject({ code: 1, stderr: expect.stringContaining("role operator") });
      const other = await makeProduct(trine.api);
      const limited = await makeKey({ role: "operator", products: [other] });
      await trine.api.call("POST", `/v1/uplink/groups/${group}-bound/read`, { consumer: "x", count: 1, productKey });
      const bound = await receive(command, { group: `${group}-bound`, count: 1, by: limited });
      expect(bound).toMatchObject({ code: 1, stderr: expect.stringContaining("unauthorized-access") });
    });
  });

  it("a client that is killed loses nothing: the next one gets what it did not accept, in order", async () => {
    const group = await makeGroup("killed");
    const sent = Array.from({ length: 10 }, (_, i) => `killed ${i}`);
    const first = openApplication({ trine, key, group, accepts: (text) => text === sent[0] });
    await send(sent);
    await expect.poll(() => first.texts("killed"), WAIT).toEqual(sent);
    // Presence is not accepted either.
    await expect.poll(() => lagOf(group), WAIT).toBe(sent.length + 1);
    first.kill();
    const second = openApplication({ trine, key, group });
    await expect.poll(() => second.texts("killed"), WAIT).toEqual(sent.slice(1));
    await expect.poll(() => lagOf(group), WAIT).toBe(0);
    second.kill();
  });

  it("what is not settled comes again after the deadline, and nothing goes beyond the credit", async () => {
    const group = await makeGroup("credit");
    const sent = Array.from({ length: 10 }, (_, i) => `credit ${i}`);
    await send(sent);
    const held = openApplication({ trine, key, group, credit: 3, accepts: () => false });
    await expect.poll(() => held.received.length, WAIT).toBe(3);
    const seen = [...held.received];
    held.addCredit(3);
    await expect.poll(() => held.received.length, WAIT).toBe(6);
    held.addCredit(12);
    // Ten messages and the presence around them: with this much credit some have come again.
    await expect.poll(() => held.received.length, WAIT).toBe(18);
    expect(held.received.filter((text) => text === seen[0]).length).toBeGreaterThan(1);
    held.kill();
  });

  it("two clients of a group share its messages, and each device's stay in order at one of them", async () => {
    const group = await makeGroup("shared");
    const clients = [1, 2].map(() => openApplication({ trine, key, group }));
    const devices = await Promise.all(Array.from({ length: 12 }, () => addDevice(trine.api, productKey)));
    // Both have to be known as readers before there is something to share.
    await Promise.all(clients.map(({ opened }) => opened));
    await new Promise((done) => setTimeout(done, 1_500));
    const sent = ["1", "2", "3"];
    await Promise.all(
      devices.map((each) =>
        send(
          sent.map((text) => `shared ${text} ${each.deviceName}`),
          each,
        ),
      ),
    );
    const all = () => clients.flatMap((client) => client.texts("shared"));
    await expect.poll(() => all().length, WAIT).toBe(devices.length * sent.length);
    for (const { deviceName } of devices) {
      const here = clients.map((client) => client.texts("shared").filter((text) => text.endsWith(` ${deviceName}`)));
      expect(here.filter(({ length }) => length > 0)).toEqual([sent.map((text) => `shared ${text} ${deviceName}`)]);
    }
    for (const client of clients) {
      expect(client.texts("shared").length).toBeGreaterThan(0);
      client.kill();
    }
  });

  it("a key that is revoked ends its connections within seconds", async () => {
    const revoked = await makeKey({ role: "operator" });
    const client = openApplication({ trine, key: revoked, group: "revoked" });
    await client.opened;
    await trine.api.call("DELETE", `/v1/access-keys/${revoked.accessKeyId}`);
    expect(await client.ended).toMatchObject({ condition: "amqp:unauthorized-access" });
  });
});
