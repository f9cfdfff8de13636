import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aSubFleet, namesOf, type SubFleet, session, signedBy, thing } from "./a-sub-fleet.ts";

let fleet: SubFleet;
beforeAll(async () => {
  fleet = await aSubFleet({ TRINE_REGISTRATION_IN_CLEAR: "on" }, { TRINE_SUB_DEVICES: "2" });
});
afterAll(() => fleet.stop());

const aGateway = async () => fleet.connect(await fleet.addGateway());
const { actor } = { actor: { name: "test", peer: "127.0.0.1" } };

describe("topo/add is answered", () => {
  it("460 for what is no list of signed devices, 6402 for the gateway itself, 6100 for a device that is none", async () => {
    const [gateway, sub] = [await aGateway(), await fleet.addSub()];
    const add = async (params: unknown) => (await gateway.ask(thing(gateway.certificate, "topo/add"), params)).code;
    for (const params of [
      {},
      [],
      [{}],
      [signedBy(sub), signedBy(sub)],
      "x",
      Array.from({ length: 51 }, () => signedBy(sub)),
    ])
      expect(await add(params)).toBe(460);
    expect(await add([signedBy(gateway.certificate)])).toBe(6402);
    expect(await add([signedBy(sub, { deviceName: "no_such_device" })])).toBe(6100);
  });

  it("401 for a wrong signature, 6204 for a disabled device, 6400 beyond the limit", async () => {
    const [gateway, sub] = [await aGateway(), await fleet.addSub()];
    const add = async (params: unknown) => (await gateway.ask(thing(gateway.certificate, "topo/add"), params)).code;
    expect(await add([signedBy(sub, { timestamp: "1" })])).toBe(401);
    expect(await add([signedBy(sub, { signMethod: "rot13" })])).toBe(401);
    await fleet.nodes[1].operators.devices.disable(actor, namesOf(sub));
    expect(await add([signedBy(sub)])).toBe(6204);
    const subs = [await fleet.addSub(), await fleet.addSub(), await fleet.addSub()];
    expect(await add(subs.map((each) => signedBy(each)))).toBe(6400);
    expect(await add(subs.slice(0, 2).map((each) => signedBy(each)))).toBe(200);
    expect((await gateway.ask(thing(gateway.certificate, "topo/get"), [])).data).toHaveLength(2);
    const [first] = subs;
    if (!first) throw new Error("no device");
    expect(await gateway.login(first)).toBe(200);
    expect((await gateway.ask(thing(gateway.certificate, "topo/delete"), [namesOf(first)])).code).toBe(200);
    expect(await gateway.login(first)).toBe(6401);
    expect((await gateway.ask(session(gateway.certificate, "logout"), namesOf(first))).code).toBe(520);
  });
});

describe("combine/login is answered", () => {
  it("460, 6100, 6401, 6287 and 522, each for its cause", async () => {
    const [gateway, sub] = [await aGateway(), await fleet.addSub()];
    expect((await gateway.ask(session(gateway.certificate, "login"), { deviceName: "x" })).code).toBe(460);
    expect((await gateway.ask(session(gateway.certificate, "logout"), {})).code).toBe(460);
    expect(await gateway.login(sub, { deviceName: "no_such_device" })).toBe(6100);
    expect(await gateway.login(sub)).toBe(6401);
    expect(await gateway.bring(sub)).toBe(200);
    expect(await gateway.login(sub, { timestamp: "1" })).toBe(6287);
    await fleet.nodes[1].operators.devices.disable(actor, namesOf(sub));
    expect(await gateway.login(sub)).toBe(522);
  });

  it("of many: a code for each, and the first that is none of success for all; the signatures are not in the log", async () => {
    const [gateway, one, other] = [await aGateway(), await fleet.addSub(), await fleet.addSub()];
    await gateway.ask(thing(gateway.certificate, "topo/add"), [signedBy(one)]);
    const deviceList = [signedBy(one), signedBy(other)];
    const reply = await gateway.ask(session(gateway.certificate, "batch_login"), { deviceList });
    expect(reply).toMatchObject({
      code: 6401,
      data: [
        { ...namesOf(one), code: 200 },
        { ...namesOf(other), code: 6401 },
      ],
    });
    const out = await gateway.ask(session(gateway.certificate, "batch_logout"), { deviceList: [namesOf(one)] });
    expect(out).toMatchObject({ code: 200, data: [{ ...namesOf(one), code: 200 }] });
    const read = { consumer: "c", count: 1_000, productKey: gateway.certificate.productKey, nowMs: Date.now() };
    const items = await fleet.nodes[0].ports.uplinkLog.read(`group ${gateway.certificate.deviceName}`, read);
    const logged = JSON.stringify(typeof items === "string" ? [] : items.map(({ payload }) => payload.toString()));
    expect(logged).toContain("deviceList");
    expect(logged).not.toContain(signedBy(one).sign);
  });
});

describe("sub/register", () => {
  it("hands out the secrets of listed devices of products that let them, and that of its own again", async () => {
    const [gateway, sub, closed] = [
      await aGateway(),
      await fleet.addSub({ registration: "listed" }),
      await fleet.addSub(),
    ];
    const register = (params: unknown) => gateway.ask(thing(gateway.certificate, "sub/register"), params);
    const handed = { ...namesOf(sub), deviceSecret: sub.deviceSecret.reveal() };
    expect(await register([namesOf(sub)])).toMatchObject({ code: 200, data: [handed] });
    expect(await register([namesOf(closed)])).toMatchObject({ code: 6288, data: [] });
    expect((await register([{ ...namesOf(sub), deviceName: "no_such_device" }])).code).toBe(6100);
    expect((await register([{ productKey: "a1NoSuch", deviceName: "some_name" }])).code).toBe(5005);
    expect((await register([])).code).toBe(460);
    expect(await gateway.bring(sub)).toBe(200);
    expect(await register([namesOf(sub)])).toMatchObject({ code: 200, data: [handed] });
    const other = await aGateway();
    expect(await other.ask(thing(other.certificate, "sub/register"), [namesOf(sub)])).toMatchObject({ code: 6619 });
  });

  it("with a wrong signature of the product fails, in a list of its own beside an empty one", async () => {
    const [gateway, sub] = [await aGateway(), await fleet.addSub({ registration: "listed" })];
    const topic = `/sys/${gateway.certificate.productKey}/${gateway.certificate.deviceName}/thing/proxy/provisioning/product_register`;
    const proxieds = [{ ...namesOf(sub), signMethod: "hmacSha256", sign: "00".repeat(32), random: "8Ygb7ULYh53B6OA" }];
    expect(await gateway.ask(topic, { proxieds })).toMatchObject({
      code: 200,
      data: { successes: [], failures: [{ ...namesOf(sub), code: 401 }] },
    });
    expect((await gateway.ask(topic, {})).code).toBe(460);
  });
});
