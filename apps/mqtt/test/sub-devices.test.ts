import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aSubFleet, errorTopic, namesOf, type SubFleet, session, signedBy, thing } from "./a-sub-fleet.ts";
import { aPublish, aSubscribe } from "./raw-client.ts";

let fleet: SubFleet;
beforeAll(async () => {
  fleet = await aSubFleet();
});
afterAll(() => fleet.stop());

/** A gateway with a device behind it that is logged in. */
async function aPair(node = fleet.nodes[0]) {
  const [certificate, sub] = [await fleet.addGateway(), await fleet.addSub()];
  const gateway = await fleet.connect(certificate, node);
  expect(await gateway.bring(sub)).toBe(200);
  return { gateway, certificate, sub, topic: (suffix: string) => `/${sub.productKey}/${sub.deviceName}/${suffix}` };
}

describe("a device behind a gateway", () => {
  it("is online once it is logged in, publishes as itself, gets messages, and is offline after its logout", async () => {
    const { gateway, certificate, sub, topic } = await aPair();
    expect(await fleet.status(sub)).toBe("ONLINE");
    gateway.say(topic("user/update"), "warm", 1);
    await gateway.take("puback");
    const [published] = await fleet.nodes[0].published(sub);
    expect(published).toMatchObject({ ...namesOf(sub), topic: topic("user/update"), transport: "mqtt" });

    gateway.send(aSubscribe([topic("user/get")]));
    expect((await gateway.take("suback")).granted).toEqual([1]);
    // The application is on the other node.
    const sent = await fleet.nodes[1].platform.downlink.send(namesOf(sub), {
      topic: topic("user/get"),
      payload: Buffer.from("7"),
      qos: 1,
      ttlMs: 60_000,
    });
    if (!("messageId" in sent)) throw new Error(sent.code);
    const { packetId, body } = await gateway.on(topic("user/get"));
    expect(body).toBe(7);
    gateway.send({ cmd: "puback", messageId: packetId ?? 0 });
    const state = async () => (await fleet.nodes[0].platform.downlink.status(namesOf(sub), sent.messageId))?.state;
    await expect.poll(state).toBe("delivered");

    expect(await gateway.ask(session(certificate, "logout"), namesOf(sub))).toMatchObject({
      code: 200,
      data: namesOf(sub),
    });
    await expect.poll(() => fleet.status(sub)).toBe("OFFLINE");
    expect(await fleet.status(certificate)).toBe("ONLINE");
    gateway.say(topic("user/update"), "cold", 1);
    await gateway.take("puback");
    expect((await gateway.on(errorTopic(certificate))).body).toMatchObject({ code: 520, data: namesOf(sub) });
    expect(await fleet.nodes[0].published(sub)).toHaveLength(1);
  });

  it("is served by every service as if it were connected itself: time, tags, properties", async () => {
    const { gateway, sub } = await aPair();
    gateway.say(`/ext/ntp/${sub.productKey}/${sub.deviceName}/request`, { deviceSendTime: "1" });
    expect((await gateway.on(`/ext/ntp/${sub.productKey}/${sub.deviceName}/response`)).body).toMatchObject({
      deviceSendTime: "1",
    });
    const tags = [{ attrKey: "floor", attrValue: "3" }];
    expect(await gateway.ask(thing(sub, "deviceinfo/update"), tags)).toMatchObject({ code: 200 });
    expect(await fleet.nodes[0].operators.devices.find(namesOf(sub))).toMatchObject({ tags: { floor: "3" } });
    expect(await gateway.ask(thing(sub, "event/property/post"), { t: 1 })).toMatchObject({ code: 200 });
  });

  it("is in from the moment its login is taken: what is sent on its heels is not lost", async () => {
    const [certificate, sub] = [await fleet.addGateway(), await fleet.addSub()];
    const gateway = await fleet.connect(certificate);
    await gateway.ask(thing(certificate, "topo/add"), [signedBy(sub)]);
    const topic = `/${sub.productKey}/${sub.deviceName}/user/update`;
    const login = { id: "1", params: signedBy(sub) };
    gateway.send(
      aPublish({ topic: session(certificate, "login"), payload: JSON.stringify(login), qos: 0 }),
      aPublish({ topic, payload: "1", messageId: 11 }),
      aPublish({ topic, payload: "2", messageId: 12 }),
      aSubscribe([`/${sub.productKey}/${sub.deviceName}/user/get`]),
    );
    expect((await gateway.take("suback")).granted).toEqual([1]);
    const published = async () => (await fleet.nodes[0].published(sub)).map(({ payload }) => payload.toString());
    await expect.poll(published).toEqual(["1", "2"]);
  });

  it.each([
    [
      "disabled",
      522,
      (sub: ReturnType<typeof namesOf>) => fleet.nodes[1].operators.devices.disable(fleet.nodes[1].actor, sub),
    ],
    ["deleted", 521, (sub) => fleet.nodes[1].operators.devices.remove(fleet.nodes[1].actor, sub)],
    ["kicked", 520, (sub) => fleet.nodes[1].operators.devices.kick(fleet.nodes[1].actor, sub)],
  ] as [string, number, (sub: ReturnType<typeof namesOf>) => Promise<unknown>][])(
    "that is %s on another node is out at once, alone, and its gateway hears %i",
    async (_, code, end) => {
      const { gateway, certificate, sub, topic } = await aPair();
      expect(await end(namesOf(sub))).toMatchObject({ closedSessions: 1 });
      expect((await gateway.on(errorTopic(certificate))).body).toMatchObject({ code, data: namesOf(sub) });
      gateway.say(topic("user/update"), "late", 1);
      await gateway.take("puback");
      expect((await gateway.on(errorTopic(certificate))).body).toMatchObject({ code: 520 });
      expect(await fleet.status(certificate)).toBe("ONLINE");
    },
  );

  it("that is disabled and enabled again has its gateway told of both, by the topology and by name", async () => {
    const { gateway, certificate, sub } = await aPair();
    const { devices } = fleet.nodes[1].operators;
    await devices.disable(fleet.nodes[1].actor, namesOf(sub));
    expect((await gateway.on(thing(sub, "disable"))).body).toMatchObject({ method: "thing.disable" });
    const changed = async () => (await gateway.on(thing(certificate, "topo/change"))).body.params;
    expect(await changed()).toEqual({ status: 8, subList: [namesOf(sub)] });
    await devices.enable(fleet.nodes[1].actor, namesOf(sub));
    expect(await changed()).toEqual({ status: 2, subList: [namesOf(sub)] });
    expect(await gateway.login(sub)).toBe(200);
    expect((await gateway.on(thing(sub, "enable"))).body).toMatchObject({ method: "thing.enable" });
    await devices.remove(fleet.nodes[1].actor, namesOf(sub));
    expect(await changed()).toEqual({ status: 1, subList: [namesOf(sub)] });
  });

  it("that connects by itself on another node is out behind its gateway, which hears 427", async () => {
    const { gateway, certificate, sub } = await aPair();
    const itself = await fleet.connect(sub, fleet.nodes[1]);
    expect((await gateway.on(errorTopic(certificate))).body).toMatchObject({ code: 427, data: namesOf(sub) });
    expect(await fleet.status(sub)).toBe("ONLINE");
    expect(await gateway.login(sub)).toBe(200);
    await itself.closed;
  });

  it("that logs in again at the same gateway stays in, and nobody hears of it", async () => {
    const { gateway, certificate, sub, topic } = await aPair();
    expect(await gateway.login(sub)).toBe(200);
    gateway.say(topic("user/update"), "again", 1);
    await gateway.take("puback");
    expect(await fleet.nodes[0].published(sub)).toHaveLength(1);
    gateway.say(`/ext/ntp/${certificate.productKey}/${certificate.deviceName}/request`, { deviceSendTime: 1 });
    await gateway.on(`/ext/ntp/${certificate.productKey}/${certificate.deviceName}/response`);
    expect(gateway.waiting.filter((packet) => packet.cmd === "publish")).toEqual([]);
  });

  it("moves to the gateway that adds it next: the first one hears of it, and cannot log it in any more", async () => {
    const { gateway, certificate, sub } = await aPair();
    const other = await fleet.connect(await fleet.addGateway(), fleet.nodes[1]);
    expect(await other.bring(sub)).toBe(200);
    expect((await gateway.on(errorTopic(certificate))).body).toMatchObject({ code: 6401, data: namesOf(sub) });
    expect((await gateway.on(thing(certificate, "topo/change"))).body).toMatchObject({
      method: "thing.topo.change",
      params: { status: 1, subList: [namesOf(sub)] },
    });
    expect(await gateway.login(sub)).toBe(6401);
    expect(await fleet.status(sub)).toBe("ONLINE");
  });

  it("stays where it is when its product says so: the other gateway hears 6619", async () => {
    const [certificate, sub] = [await fleet.addGateway(), await fleet.addSub({ onOtherGateway: "refuse" })];
    const gateway = await fleet.connect(certificate);
    expect(await gateway.bring(sub)).toBe(200);
    const other = await fleet.connect(await fleet.addGateway(), fleet.nodes[1]);
    expect(await other.ask(thing(other.certificate, "topo/add"), [signedBy(sub)])).toMatchObject({ code: 6619 });
    expect(await gateway.login(sub)).toBe(200);
  });

  it("is in behind one gateway in the end, whichever, when two bring it at once", async () => {
    const sub = await fleet.addSub();
    const gateways = [
      await fleet.connect(await fleet.addGateway(), fleet.nodes[0]),
      await fleet.connect(await fleet.addGateway(), fleet.nodes[1]),
    ];
    for (let round = 0; round < 5; round += 1) {
      const codes = await Promise.all(gateways.map((gateway) => gateway.bring(sub)));
      expect(codes.filter((code) => code === 200 || code === 6401 || code === 500)).toHaveLength(2);
      const holders = await Promise.all(
        gateways.map(async (gateway) =>
          (await gateway.ask(thing(gateway.certificate, "topo/get"), {})).data.length > 0 ? gateway : undefined,
        ),
      );
      const [holder, ...more] = holders.filter((gateway) => gateway !== undefined);
      expect(more).toEqual([]);
      expect(await holder?.login(sub)).toBe(200);
      for (const gateway of gateways) {
        const reply = await gateway.ask(session(gateway.certificate, "logout"), namesOf(sub));
        expect(reply.code).toBe(gateway === holder ? 200 : 520);
      }
    }
  });

  it("goes offline, once, with all others behind its gateway, when the gateway leaves", async () => {
    const { gateway, certificate, sub } = await aPair();
    const second = await fleet.addSub();
    expect(await gateway.bring(second)).toBe(200);
    gateway.reset();
    await expect.poll(() => fleet.status(sub)).toBe("OFFLINE");
    await expect.poll(() => fleet.status(second)).toBe("OFFLINE");
    expect(await fleet.status(certificate)).toBe("OFFLINE");
    const { timeline } = fleet.nodes[0].operators.devices;
    const seen = await timeline(namesOf(sub), { limit: 20 });
    if (!("items" in seen)) throw new Error(seen.code);
    expect(seen.items.filter(({ kind }) => kind === "offline")).toHaveLength(1);
  });

  it("is not carried by a device that is no gateway", async () => {
    const [one, sub] = [await fleet.addSub(), await fleet.addSub()];
    const device = await fleet.connect(one);
    expect(await device.ask(thing(one, "topo/add"), [signedBy(sub)])).toMatchObject({ code: 6203 });
    expect(await device.login(sub)).toBe(6203);
  });
});
