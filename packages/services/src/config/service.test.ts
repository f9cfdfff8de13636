import { createHash } from "node:crypto";
import type { Session } from "@trine/core/auth";
import { expect, it } from "vitest";
import { describeService, type ServiceNode } from "../../test/a-fleet.ts";

const CONFIG = "/v1/products/:productKey/config";
const BY_LINK = { configScope: "product", getType: "file" };
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

interface Told {
  readonly code: number;
  readonly data: { url: string; configId: string; [field: string]: unknown };
}

describeService("remote configuration", (open) => {
  const ask = (session: Session, method: string, body?: object, node = open().node) =>
    node.ask(method.includes(" ") ? method : `${method} ${CONFIG}`, { device: session.device, body });
  const topicOf = ({ device }: Session, suffix: string) =>
    `/sys/${device.productKey}/${device.deviceName}/thing/config/${suffix}`;
  async function get(session: Session, params: unknown = BY_LINK, node = open().node): Promise<Told> {
    const answer = await node.send(session, topicOf(session, "get"), { id: 1, params });
    expect(answer?.topic).toBe(topicOf(session, "get_reply"));
    return JSON.parse(answer?.text ?? "{}");
  }
  const fetchIt = async (url: string, node: ServiceNode = open().node) => {
    const file = await node.services.download(url.replace("http://devices.example.com/download/", ""));
    if (typeof file === "string") return file;
    const pieces: Uint8Array[] = [];
    for await (const piece of file.read({ start: 0, end: file.size })) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };

  it("is told by a link, which leads to it on every node, and by a hash of its bytes", async () => {
    const session = await open().addDevice();
    const content = '{"interval":"5 分"}';
    await ask(session, "PUT", { content });
    for (const node of open().nodes) {
      const { code, data } = await get(session, BY_LINK, node);
      expect(code).toBe(200);
      expect(data).toMatchObject({ configSize: 20, sign: sha256(content), signMethod: "Sha256", getType: "file" });
      for (const other of open().nodes) expect(await fetchIt(data.url, other)).toBe(content);
    }
  });

  it("is told as text where a device asks so", async () => {
    const session = await open().addDevice();
    await ask(session, "PUT", { content: "a=1" });
    const { data } = await get(session, { configScope: "product", getType: "content" });
    expect(data).toMatchObject({ getType: "content", content: "a=1", sign: sha256("a=1") });
  });

  it("is the newest on every node as soon as the operator hears of it", async () => {
    const session = await open().addDevice();
    for (const content of ["one", "two", "three"]) {
      await ask(session, "PUT", { content });
      for (const node of open().nodes) expect((await get(session, BY_LINK, node)).data["sign"]).toBe(sha256(content));
    }
  });

  it("is 6710 where there is none, and where it was deleted; its links lead nowhere then", async () => {
    const session = await open().addDevice();
    expect((await get(session)).code).toBe(6710);
    await ask(session, "PUT", { content: "x" });
    const { data } = await get(session);
    expect(await ask(session, "DELETE")).toEqual({ versions: 1 });
    for (const node of open().nodes) expect((await get(session, BY_LINK, node)).code).toBe(6710);
    expect(await fetchIt(data.url)).toBe("missing");
    expect(await ask(session, "GET")).toMatchObject({ status: 404 });
  });

  it("is 6713 where it is switched off", async () => {
    const session = await open().addDevice();
    await ask(session, "PUT", { content: "x" });
    await open().turn(session, "config", false);
    for (const node of open().nodes) expect((await get(session, BY_LINK, node)).code).toBe(6713);
  });

  it.each([
    ["another scope", { configScope: "device", getType: "file" }],
    ["another type", { configScope: "product", getType: "url" }],
    ["nothing", {}],
    ["a list", []],
  ])("is 460 to %s", async (_, params) => {
    const session = await open().addDevice();
    await ask(session, "PUT", { content: "x" });
    expect((await get(session, params)).code).toBe(460);
  });

  it("leads no link of another product's to it", async () => {
    const [one, other] = [await open().addDevice(), await open().addDevice()];
    for (const session of [one, other]) await ask(session, "PUT", { content: session.device.productKey });
    const { data } = await get(one);
    const forged = data.url.replace(one.device.productKey, other.device.productKey);
    expect(await fetchIt(forged)).toBe("forbidden");
  });

  it("keeps the last five, whoever writes them at once", async () => {
    const session = await open().addDevice();
    const writes = Array.from({ length: 12 }, (_, at) =>
      ask(session, "PUT", { content: `c${at}` }, open().nodes[at % 2]),
    );
    const written = (await Promise.all(writes)) as { version: number }[];
    expect(written.map(({ version }) => version).sort((a, b) => a - b)).toEqual(writes.map((_, at) => at + 1));
    const shown = (await ask(session, "GET")) as { version: number; versions: { version: number }[] };
    expect(shown.version).toBe(12);
    expect(shown.versions.map(({ version }) => version)).toEqual([12, 11, 10, 9, 8]);
    const old = (params: object) =>
      open().node.ask(`GET ${CONFIG}/versions/:version`, { device: session.device, params });
    expect(await old({ version: "8" })).toMatchObject({ version: 8, content: expect.stringMatching(/^c\d+$/) });
    for (const version of ["7", "13", "x", "1e99"]) expect(await old({ version })).toMatchObject({ status: 404 });
  });

  it("has 64 KB of bytes at most, and is recorded in the audit log", async () => {
    const session = await open().addDevice();
    expect(await ask(session, "PUT", { content: "分".repeat(21_846) })).toMatchObject({ status: 413 });
    expect(await ask(session, "PUT", { content: "x".repeat(65_536) })).toMatchObject({ version: 1 });
    const { items } = await open().node.gateway.operators.audit.list(
      { target: session.device.productKey },
      { limit: 9 },
    );
    expect(items.map(({ action }) => action)).toContain("config.set");
  });
});

describeService("a push of the configuration", (open) => {
  const PUSH = `${CONFIG}/push`;
  const run = (node: ServiceNode) =>
    node.services.works.find(({ name }) => name === "config pushes")?.run(new AbortController().signal);

  async function aProduct(count: number) {
    const first = await open().addDevice();
    const { productKey } = first.device;
    const sessions = [first];
    while (sessions.length < count) sessions.push(await open().addDevice({ productKey }));
    const ask = (method: string, body?: object) =>
      open().node.ask(method, { device: first.device, body }) as Promise<Record<string, unknown>>;
    await ask(`PUT ${CONFIG}`, { content: "v1" });
    const waiting = async ({ device }: Session) => {
      const { mailbox } = open().node.gateway.platform;
      return mailbox.pending(device, { limit: 10, nowMs: Date.now() });
    };
    return { sessions, ask, waiting };
  }

  /** Carries the push on by turns of both nodes until it is finished, as their timers do. */
  async function finish(ask: (method: string) => Promise<Record<string, unknown>>) {
    for (;;) {
      await Promise.all(open().nodes.map(run));
      const push = await ask(`GET ${PUSH}`);
      if (push["state"] === "finished") return push;
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  it("reaches every device once, no faster than was said, and counts what they answer", async () => {
    const { sessions, ask, waiting } = await aProduct(5);
    const began = performance.now();
    expect(await ask(`POST ${PUSH}`, { ratePerSecond: 2 })).toMatchObject({ state: "running", sent: 0 });
    expect(await finish(ask)).toMatchObject({ sent: 5, failed: 0, accepted: 0, refused: 0 });
    // Five devices take three turns.
    expect(performance.now() - began).toBeGreaterThan(1_990);
    const messages = await Promise.all(sessions.map(waiting));
    expect(messages.map((of) => of.length)).toEqual([1, 1, 1, 1, 1]);
    for (const [at, session] of sessions.entries()) {
      const [message] = messages[at] ?? [];
      const { productKey, deviceName } = session.device;
      expect(message?.topic).toBe(`/sys/${productKey}/${deviceName}/thing/config/push`);
      const { id, params, method } = JSON.parse(message?.payload.toString() ?? "");
      expect({ params, method }).toMatchObject({
        method: "thing.config.push",
        params: { getType: "file", configSize: 2 },
      });
      const code = at === 0 ? 400 : 200;
      for (const node of open().nodes)
        expect(await node.send(session, `${message?.topic}_reply`, { id, code, data: {} })).toBeUndefined();
    }
    expect(await ask(`GET ${PUSH}`)).toMatchObject({ accepted: 4, refused: 1 });
  });

  it("that takes the place of another is the one that answers count for", async () => {
    const { sessions, ask, waiting } = await aProduct(1);
    const [session] = sessions as [Session];
    await ask(`POST ${PUSH}`, {});
    await finish(ask);
    await ask(`POST ${PUSH}`, {});
    await finish(ask);
    const [older, newer] = (await waiting(session)).map(({ payload }) => JSON.parse(payload.toString()).id);
    const { productKey, deviceName } = session.device;
    const reply = (message: unknown) =>
      open().node.send(session, `/sys/${productKey}/${deviceName}/thing/config/push_reply`, message);
    await reply({ id: newer, code: 200 });
    for (const late of [{ id: older, code: 500 }, { id: "x", code: 1 }, { code: 200 }, "{", []]) await reply(late);
    expect(await ask(`GET ${PUSH}`)).toMatchObject({ accepted: 1, refused: 0 });
  });

  it("ends when the configuration is deleted", async () => {
    const { ask, sessions, waiting } = await aProduct(1);
    await ask(`POST ${PUSH}`, {});
    await ask(`DELETE ${CONFIG}`);
    await Promise.all(open().nodes.map(run));
    expect(await waiting(sessions[0] as Session)).toEqual([]);
    expect(await ask(`GET ${PUSH}`)).toMatchObject({ status: 404 });
    expect(await ask(`POST ${PUSH}`, {})).toMatchObject({ status: 404 });
  });
});
