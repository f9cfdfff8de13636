import { refuse } from "@trine/core/auth";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aGateway, type Gateway, topicOf } from "./a-gateway.ts";
import { aPublish, aSubscribe, CHANNELS } from "./raw-client.ts";

describe.each(CHANNELS)("over %s", (channel) => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await aGateway({ TRINE_MQTT_QUEUED_PUBLISHES: 4 }, channel);
  });
  afterEach(() => gateway.stop());

  /** Makes every append wait for `gate`, or for as long as it says. */
  function slowAppends(wait: (count: number) => Promise<unknown>) {
    const log = gateway.platform.uplink;
    const accept = log.accept.bind(log);
    const state = { begun: 0, running: 0, atOnce: 0 };
    Object.assign(log, {
      async accept(...args: Parameters<typeof accept>) {
        state.begun += 1;
        state.running += 1;
        state.atOnce = Math.max(state.atOnce, state.running);
        await wait(state.begun);
        state.running -= 1;
        return accept(...args);
      },
    });
    return state;
  }

  /** Resolves when a value stays the same for a while: the network between the two is full. */
  async function settled(value: () => number): Promise<void> {
    for (let before = -1; before !== value(); await new Promise((done) => setTimeout(done, 100))) before = value();
  }

  const texts = async (device: Parameters<Gateway["published"]>[0]) =>
    (await gateway.published(device)).map(({ payload }) => payload.toString());

  it("pipelined messages keep their order, however long each takes to store", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    const state = slowAppends((count) => new Promise((done) => setTimeout(done, count % 2 ? 8 : 0)));
    const sent = Array.from({ length: 20 }, (_, at) => `${at}`);
    const topic = topicOf(device, "user/update");
    client.send(
      ...sent.map((payload, at) => aPublish({ topic, payload, messageId: at + 1, qos: at % 3 === 0 ? 0 : 1 })),
    );
    for (const [at] of sent.entries()) {
      if (at % 3 !== 0) expect((await client.take("puback")).messageId).toBe(at + 1);
    }
    expect(await texts(device)).toEqual(sent);
    expect(state.atOnce).toBe(1);
  });

  it("a device that sends faster than its messages are stored is read no further, and loses nothing", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    let open = () => {};
    const gate = new Promise<void>((done) => {
      open = done;
    });
    const state = slowAppends(() => gate);
    const topic = topicOf(device, "user/update");
    const payload = Buffer.alloc(16_384, "x");
    const count = 2_000;
    for (let at = 1; at <= count; at += 1) client.send(aPublish({ topic, payload, messageId: at }));
    await settled(() => client.stream.writableLength);
    expect(client.stream.writableLength).toBeGreaterThan(8_000_000);
    expect(state.begun).toBe(1);
    open();
    for (let at = 1; at <= count; at += 1) expect((await client.take("puback")).messageId).toBe(at);
    expect(await gateway.published(device)).toHaveLength(count);
  });

  it("what a device sends right before its goodbye is kept, of QoS 0 too", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    slowAppends(() => new Promise((done) => setTimeout(done, 5)));
    const sent = Array.from({ length: 12 }, (_, at) => `last ${at}`);
    const topic = topicOf(device, "user/update");
    client.send(...sent.map((payload) => aPublish({ topic, payload, qos: 0 })), { cmd: "disconnect" });
    await client.closed;
    await vi.waitFor(async () => expect(await texts(device)).toEqual(sent));
  });

  it("what waits of a device that left is not stored any more once the device was disabled", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    let release = () => {};
    const gate = new Promise<void>((done) => {
      release = done;
    });
    const state = slowAppends(() => gate);
    const topic = topicOf(device, "user/update");
    client.send(...["0", "1", "2"].map((payload) => aPublish({ topic, payload, qos: 0 })), { cmd: "disconnect" });
    await client.closed;
    const outcome = await gateway.operators.devices.disable(gateway.actor, device);
    expect(outcome).toMatchObject({ closedSessions: 0 });
    release();
    // A stop waits for everything that was begun.
    await gateway.restart();
    expect(state.begun).toBe(1);
  });

  it("a message on a foreign topic is dropped, counted and acknowledged, and the connection stays", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    for (const topic of ["/a/b/user/update", topicOf(device, "user/get"), "$SYS/x", "x".repeat(900)]) {
      client.send(aPublish({ topic }));
      await client.take("puback");
    }
    expect(gateway.recorder.drops).toEqual(
      Array.from({ length: 4 }, () => ({ transport: "mqtt", reason: "forbidden_topic" })),
    );
    expect(await texts(device)).toEqual([]);
  });

  it("the retain flag is ignored: who subscribes later gets nothing", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    const topic = topicOf(device, "user/shared");
    client.send(aPublish({ topic, payload: "kept", retain: true }));
    await client.take("puback");
    client.send(aSubscribe([topic]), { cmd: "pingreq" });
    await client.take("pingresp");
    expect(client.waiting.filter(({ cmd }) => cmd === "publish")).toEqual([]);
  });

  it("a publish of QoS 2 ends the connection, and is counted", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    client.send(aPublish({ topic: topicOf(device, "user/update"), qos: 2 }));
    await client.closed;
    expect(gateway.recorder.drops).toEqual([{ transport: "mqtt", reason: "qos2_publish" }]);
  });

  it("an oversized message is cut off by its header, before its bytes are read", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    client.send(Buffer.from("32ffffff7f", "hex"));
    await client.closed;
    expect(gateway.recorder.drops).toEqual([{ transport: "mqtt", reason: "frame_too_large" }]);
  });

  it("bytes that are no packets end the connection, and nothing else", async () => {
    const bystander = await gateway.aDevice();
    const other = await gateway.loggedIn(bystander);
    for (const hex of [
      "3000",
      "320500016100",
      "8206000100ff6100",
      "82020001",
      "8207000100016103",
      "a2020001",
      "a204000100ff",
      "3003000141",
    ]) {
      const client = await gateway.loggedIn(await gateway.aDevice());
      client.send(Buffer.from(hex, "hex"));
      client.stream.end();
      await client.closed;
    }
    other.send(aPublish({ topic: topicOf(bystander, "user/update") }));
    await other.take("puback");
  });

  it("while the log is down QoS 1 ends the connection unacknowledged, and QoS 0 is dropped", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    const topic = topicOf(device, "user/update");
    gateway.faults.down = true;
    client.send(aPublish({ topic, qos: 0 }), { cmd: "pingreq" });
    await client.take("pingresp");
    client.send(aPublish({ topic, messageId: 1 }), aPublish({ topic, messageId: 2 }));
    await client.closed;
    gateway.faults.down = false;
    expect(client.waiting).toEqual([]);
    expect(await texts(device)).toEqual([]);
  });

  it("a device that holds `all` on a topic and subscribes gets its own messages, with the QoS that it sent", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    const topic = topicOf(device, "user/shared");
    client.send(aPublish({ topic, payload: "unheard" }));
    await client.take("puback");
    client.send(aSubscribe([topicOf(device, "user/#")], { qos: 0 }));
    await client.take("suback");
    client.send(aPublish({ topic, payload: "low", qos: 0 }));
    expect(await client.take("publish")).toMatchObject({ topic, qos: 0, retain: false, payload: Buffer.from("low") });
    client.send(aPublish({ topic, payload: "high", qos: 1 }));
    const high = await client.take("publish");
    expect(high).toMatchObject({ topic, qos: 1, payload: Buffer.from("high") });
    client.send({ cmd: "puback", messageId: high.messageId ?? 0 });
    client.send(aPublish({ topic: topicOf(device, "user/update") }), { cmd: "pingreq" });
    await client.take("pingresp");
    expect(client.waiting.filter(({ cmd }) => cmd === "publish")).toEqual([]);
  });

  it("what a device service answers goes to who subscribed to the answer, and to who needs no subscription", async () => {
    const body = JSON.stringify({ id: 7, version: "1.0", params: {}, method: "thing.event.property.post" });
    for (const implicitSubscriptions of [false, true]) {
      const device = await gateway.aDevice();
      const client = await gateway.loggedIn(device, { implicitSubscriptions });
      const topic = topicOf(device, "thing/event/property/post");
      if (!implicitSubscriptions) {
        client.send(aPublish({ topic, payload: body }));
        await client.take("puback");
        client.send(aSubscribe([topicOf(device, "thing/event/+/post_reply")]));
        await client.take("suback");
        expect(client.waiting).toEqual([]);
      }
      client.send(aPublish({ topic, payload: body, messageId: 2 }));
      expect((await client.take("puback")).messageId).toBe(2);
      const reply = await client.take("publish");
      expect(reply.topic).toBe(`${topic}_reply`);
      expect(JSON.parse(reply.payload.toString())).toMatchObject({ id: 7 });
    }
  });

  it("malformed JSON from a device does not close its connection", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device, { implicitSubscriptions: true });
    for (const payload of ["", "{", '{"id":1,,}', "\0", "[]", "null"]) {
      client.send(aPublish({ topic: topicOf(device, "thing/event/property/post"), payload }));
      await client.take("puback");
    }
  });

  it("a stop acknowledges what it took, and takes no more", async () => {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device);
    const begun = slowAppends(() => new Promise((done) => setTimeout(done, 50)));
    const topic = topicOf(device, "user/update");
    client.send(...[1, 2, 3].map((messageId) => aPublish({ topic, payload: `${messageId}`, messageId })));
    while (begun.begun === 0) await new Promise((done) => setImmediate(done));
    const restarted = gateway.restart();
    for (const messageId of [1, 2, 3]) expect((await client.take("puback")).messageId).toBe(messageId);
    await client.closed;
    await restarted;
    expect(await texts(device)).toEqual(["1", "2", "3"]);
  });

  describe("over its rate", () => {
    /** Holds messages of QoS 1 back for so long, and drops those of QoS 0. */
    function hold(ms: number): void {
      const log = gateway.platform.uplink;
      const accept = log.accept.bind(log);
      Object.assign(log, {
        async accept(...[session, message]: Parameters<typeof accept>) {
          const mayPass = message.qos === 1 && (await message.pace?.(ms));
          return mayPass ? accept(session, message) : refuse("throttled", "over its rate");
        },
      });
    }

    it("a message of QoS 1 waits, and what comes behind it as well; one of QoS 0 is dropped and counted", async () => {
      const device = await gateway.aDevice();
      const client = await gateway.loggedIn(device);
      hold(40);
      const topic = topicOf(device, "user/update");
      client.send(aPublish({ topic, payload: "dropped", qos: 0 }));
      const began = performance.now();
      client.send(...[1, 2, 3].map((messageId) => aPublish({ topic, payload: `${messageId}`, messageId })));
      for (const messageId of [1, 2, 3]) expect((await client.take("puback")).messageId).toBe(messageId);
      expect(performance.now() - began).toBeGreaterThanOrEqual(115);
      expect(await texts(device)).toEqual(["1", "2", "3"]);
      expect(gateway.recorder.drops).toEqual([{ transport: "mqtt", reason: "throttled" }]);
    });

    it("a message that waits is given up with its connection", async () => {
      const device = await gateway.aDevice();
      const client = await gateway.loggedIn(device);
      hold(60_000);
      client.send(aPublish({ topic: topicOf(device, "user/update") }));
      await vi.waitFor(() => expect(client.stream.writableLength).toBe(0));
      await client.close();
      await vi.waitFor(() => expect(gateway.recorder.drops).toEqual([{ transport: "mqtt", reason: "throttled" }]));
      expect(await texts(device)).toEqual([]);
    });
  });
});
