import { createHash } from "node:crypto";
import type { Session } from "@trine/core/auth";
import { expect, it } from "vitest";
import type { ServiceNode } from "../../../test/a-fleet.ts";
import { describeOta, FILE, pieces } from "../../../test/an-ota-fleet.ts";
import { createSqlJobStore } from "./sql-job-store.ts";

describeOta("jobs", ({ time, aProduct, carryOn, pass, says, told }) => {
  it("tell a device of its firmware, and end when it informs of the version, whatever else it told", async () => {
    const { fleet, first, start, job } = await aProduct(1);
    const made = await start();
    expect(made).toMatchObject({ state: "running", planned: false });
    await carryOn();
    const { productKey, deviceName } = first.device;
    const digest = (name: string) => createHash(name).update(FILE).digest("hex");
    const [message, ...more] = await told(first);
    expect(more).toEqual([]);
    expect(message).toEqual({
      topic: `/ota/device/upgrade/${productKey}/${deviceName}`,
      code: "1000",
      data: {
        size: FILE.length,
        version: "2.0",
        url: expect.stringMatching(/^http:\/\/devices\.example\.com\/download\/ota\//),
        md5: digest("md5"),
        sign: digest("sha256"),
        signMethod: "SHA256",
        isDiff: 0,
        extData: {},
      },
      id: expect.any(Number),
      message: "success",
    });
    expect((await job(made)).devices).toMatchObject({ offered: 1 });
    await says(first, "progress", { step: "100" });
    expect((await job(made)).devices).toMatchObject({ updating: 1 });
    await says(first, "inform", { version: "1.0" });
    expect((await job(made)).devices).toMatchObject({ updating: 1 });
    await says(first, "inform", { version: "2.0" }, fleet.nodes[1]);
    await pass(1_000);
    expect(await job(made)).toMatchObject({ state: "finished", devices: { done: 1, updating: 0 } });
  });

  it("end for a device that never told its progress", async () => {
    const { first, start, job } = await aProduct(1);
    const made = await start();
    await carryOn();
    await says(first, "inform", { version: "2.0" });
    await pass(1_000);
    expect(await job(made)).toMatchObject({ state: "finished", devices: { done: 1 } });
  });

  it("leave out a device that runs the version", async () => {
    const { first, start, job } = await aProduct(2);
    await says(first, "inform", { version: "2.0" });
    const made = await start();
    await carryOn();
    const { devices } = await job(made);
    expect(devices).toMatchObject({ offered: 1, done: 0 });
  });

  it("leave a module of a device to the job that has it", async () => {
    const { start, job } = await aProduct(3);
    const one = await start();
    await carryOn();
    const two = await start();
    await carryOn();
    expect(await job(two)).toMatchObject({ state: "finished", busy: 3, devices: { queued: 0 } });
    expect((await job(one)).devices).toMatchObject({ offered: 3 });
  });

  it.each(["/ota/device/request", "thing/ota/firmware/get"])(
    "answer a device that asks on %s once its turn came",
    async (topic) => {
      const { fleet, first, start, order } = await aProduct(1);
      const { productKey, deviceName } = first.device;
      const isOld = topic.startsWith("/");
      const at = isOld ? `${topic}/${productKey}/${deviceName}` : `/sys/${productKey}/${deviceName}/${topic}`;
      const ask = async (node: ServiceNode | undefined) => {
        const reply = await node?.send(first, at, '{"id":7,"params":{"version":"1.0"}}');
        expect(reply?.topic).toBe(isOld ? at : `${at}_reply`);
        expect(reply?.text).toContain('"id":7,');
        return JSON.parse(reply?.text ?? "{}");
      };
      const nothing = { code: isOld ? 500 : 200, data: {} };
      expect(await ask(fleet.node)).toMatchObject(nothing);
      const job = await start({ push: false });
      expect(await ask(fleet.node)).toMatchObject(nothing);
      await carryOn();
      expect(await told(first)).toEqual([]);
      const found = { code: isOld ? "1000" : 200, data: { version: "2.0", size: FILE.length } };
      expect(await ask(fleet.nodes[1])).toMatchObject(found);
      await order(job, "cancel");
      expect(await ask(fleet.node)).toMatchObject(nothing);
      await fleet.turn(first, "ota", false);
      expect((await ask(fleet.node)).code).toBe(403);
    },
  );

  it("give a device that failed another turn, and then no more", async () => {
    const { first, start, job, devices } = await aProduct(1);
    const made = await start({ retries: 1 });
    await carryOn();
    await says(first, "progress", { step: "-2", desc: "no route" });
    expect((await job(made)).devices).toMatchObject({ queued: 1 });
    await pass(59_000);
    expect(await told(first)).toHaveLength(1);
    await pass(2_000);
    expect(await told(first)).toHaveLength(2);
    await says(first, "progress", { step: "-3" });
    await pass(1_000);
    const done = await job(made);
    expect(done).toMatchObject({ state: "finished", devices: { failed: 1 } });
    expect(await devices(made, { state: "failed" })).toMatchObject([
      { deviceName: first.device.deviceName, attempts: 2, reason: "verify" },
    ]);
    await says(first, "inform", { version: "2.0" });
    expect((await job(made)).devices).toMatchObject({ failed: 0, done: 1 });
  });

  it("give up on devices that are silent for too long", async () => {
    const { first, start, job } = await aProduct(2);
    const made = await start({ retries: 0, timeoutSeconds: 60 });
    await carryOn();
    await says(first, "progress", { step: "10" });
    await pass(61_000);
    expect(await job(made)).toMatchObject({ state: "finished", devices: { failed: 2 } });
  });

  it("pause themselves when too many fail, and go on when they are resumed", async () => {
    const { sessions, start, job, order } = await aProduct(6);
    const made = await start({ ratePerMinute: 60, retries: 0, stopAtFailurePercent: 50, stopAfter: 2 });
    await carryOn();
    await pass(1_000);
    const offered = [];
    for (const session of sessions) if ((await told(session)).length > 0) offered.push(session);
    expect(offered.length).toBeLessThan(sessions.length);
    for (const session of offered) await says(session, "progress", { step: "-1" });
    expect(await job(made)).toMatchObject({ state: "paused", why: "failures" });
    for (let at = 0; at < 20; at += 1) await pass(1_000);
    expect((await job(made)).devices).toMatchObject({ failed: offered.length, queued: 6 - offered.length });
    expect(await order(made, "resume")).toMatchObject({ state: "running" });
    for (let at = 0; at < 20; at += 1) await pass(1_000);
    expect((await job(made)).devices).toMatchObject({ queued: 0, offered: 6 - offered.length });
    expect(await order(made, "pause")).toMatchObject({ state: "paused", why: "operator" });
    expect(await order(made, "pause")).toMatchObject({ status: 409, code: "ota_job_state" });
    expect(await order(made, "cancel")).toMatchObject({ state: "cancelled" });
    await carryOn();
    expect((await job(made)).devices).toMatchObject({ offered: 0, cancelled: 6 - offered.length });
    expect(await order(made, "resume")).toMatchObject({ status: 409 });
  });

  it("keep to their rate over two nodes", async () => {
    const { fleet, start, job } = await aProduct(12);
    const made = await start({ ratePerMinute: 6 });
    const takenAt: number[] = [];
    let known = 0;
    for (let at = 0; at < 64; at += 1) {
      time.nowMs += 2_000;
      await Promise.all(fleet.nodes.map((node) => carryOn(node)));
      const { offered = 0 } = (await job(made)).devices;
      for (; known < offered; known += 1) takenAt.push(time.nowMs);
    }
    expect(takenAt).toHaveLength(12);
    for (const [at, time] of takenAt.entries())
      expect(takenAt.slice(0, at + 1).filter((other) => other > time - 60_000).length).toBeLessThanOrEqual(6);
  });

  it("tell a device the same, once, when the process that took it dies before or after telling", async () => {
    const { fleet, first, start, job } = await aProduct(1);
    const made = await start();
    const store = createSqlJobStore(fleet.database);
    const turn = await store.turn(time.nowMs, 30_000);
    expect(turn?.taken).toMatchObject([{ attempt: 1 }]);
    await pass(29_000);
    expect(await told(first)).toEqual([]);
    await pass(2_000, fleet.nodes[1]);
    expect(await told(first)).toHaveLength(1);
    await fleet.database.db.execute(
      `update ota_targets set state = 'sending', due_at_ms = 0 where job_id = '${made.jobId}'`,
    );
    await pass(1_000);
    expect(await told(first)).toHaveLength(1);
    expect((await job(made)).devices).toMatchObject({ offered: 1 });
  });

  it("find their devices by name, tag, version and share", async () => {
    const { sessions, fleet, first, start, job, order, devices } = await aProduct(40);
    const [, second, third] = sessions;
    if (!second || !third) throw new Error("there are 40");
    await says(second, "inform", { version: "1.0" });
    await fleet.node.gateway.operators.devices.update(fleet.node.gateway.actor, third.device, {
      tags: { floor: "3" },
    });
    const chosen = async (rules: object) => {
      const made = await start({ ...rules, push: false });
      await carryOn();
      const items = await devices(made);
      await order(made, "cancel");
      await carryOn();
      expect((await job(made)).state).toBe("cancelled");
      return items.map(({ deviceName }) => deviceName);
    };
    const name = ({ device }: Session) => device.deviceName;
    expect(await chosen({ deviceNames: [name(first), name(third)] })).toEqual([name(first), name(third)].sort());
    expect(await chosen({ filter: { sourceVersions: ["1.0"] } })).toEqual([name(second)]);
    expect(await chosen({ filter: { tags: { floor: "3" } } })).toEqual([name(third)]);
    expect(await chosen({ filter: { namePrefix: name(second) } })).toEqual([name(second)]);
    const ten = await chosen({ filter: { percent: 10 } });
    const fifty = await chosen({ filter: { percent: 50 } });
    expect(fifty).toEqual(expect.arrayContaining(ten));
    expect(fifty.length).toBeGreaterThan(8);
    expect(fifty.length).toBeLessThan(32);
    expect(await start({ deviceNames: [name(first), "nobody"] })).toMatchObject({
      status: 404,
      field: "deviceNames",
    });
    expect(await start({ version: "9" })).toMatchObject({ status: 404, code: "firmware_not_found" });
  });

  it("keep their firmware, which is one file a version", async () => {
    const { upload, ask, start, order } = await aProduct(1);
    const { firmwareId } = upload as { firmwareId: string };
    const again = { query: { version: "2.0" }, bytes: pieces(FILE) };
    expect(await ask("POST /v1/products/:productKey/firmware", again)).toMatchObject({
      status: 409,
      code: "firmware_exists",
    });
    const made = await start();
    const remove = () => ask("DELETE /v1/products/:productKey/firmware/:firmwareId", { params: { firmwareId } });
    expect(await remove()).toMatchObject({ status: 409, code: "firmware_in_use" });
    await order(made, "cancel");
    expect(await ask("GET /v1/products/:productKey/firmware")).toMatchObject({
      items: [{ firmwareId, size: FILE.length }],
    });
    expect(await remove()).toBeNull();
    expect(await ask("GET /v1/products/:productKey/firmware")).toEqual({ items: [] });
    expect(await remove()).toMatchObject({ status: 404, code: "firmware_not_found" });
  });
});
