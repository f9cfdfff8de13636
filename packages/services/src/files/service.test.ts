import type { Session } from "@trine/core/auth";
import fc from "fast-check";
import { expect, it } from "vitest";
import { describeService, type ServiceNode } from "../../test/a-fleet.ts";
import { crc16, crc64 } from "./checksums.ts";

const FILES = "/v1/products/:productKey/devices/:deviceName/files";
const BYTES = Buffer.from("0123456789abcdefghij");

interface Answer {
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>>;
}

function aSlice(params: object, bytes: Buffer, more: object = {}): Buffer {
  const head = Buffer.from(JSON.stringify({ id: "7", params: { bSize: bytes.length, ...params }, ...more }));
  const [length, crc] = [Buffer.alloc(2), Buffer.alloc(2)];
  length.writeUInt16BE(head.length);
  crc.writeUInt16LE(crc16(bytes));
  return Buffer.concat([length, head, bytes, crc]);
}

describeService("files of devices", (open) => {
  const topicOf = ({ device }: Session, what: string) =>
    `/sys/${device.productKey}/${device.deviceName}/thing/file/upload/mqtt/${what}`;
  async function tell(session: Session, what: string, payload: unknown, node = open().node): Promise<Answer> {
    const answer = await node.send(session, topicOf(session, what), payload);
    expect(answer?.topic).toBe(topicOf(session, `${what}_reply`));
    return JSON.parse(answer?.text ?? "{}");
  }
  const begin = (session: Session, params: object, node?: ServiceNode) =>
    tell(session, "init", { id: "1", params: { fileName: "a.log", fileSize: BYTES.length, ...params } }, node);
  const send = (session: Session, params: object, bytes: Buffer, node?: ServiceNode) =>
    tell(session, "send", aSlice(params, bytes), node);
  const ask = (session: Session, method: string, more: object = {}) =>
    open().node.ask(method, { device: session.device, ...more }) as Promise<Record<string, unknown>>;
  const show = (session: Session, fileName = "a.log") =>
    ask(session, `GET ${FILES}/:fileName`, { params: { fileName } });

  async function upload(session: Session, bytes: Buffer, params: object = {}): Promise<Answer> {
    const { data } = await begin(session, { fileSize: bytes.length, ...params });
    return send(session, { uploadId: data["uploadId"], offset: 0 }, bytes);
  }
  async function content(session: Session, range?: { start: number; end: number }): Promise<string> {
    const { url, size } = await show(session);
    const file = await open().nodes[1]?.services.download(
      String(url).replace("http://devices.example.com/download/", ""),
    );
    if (!file || typeof file === "string") return String(file);
    const pieces: Uint8Array[] = [];
    for await (const piece of file.read(range ?? { start: 0, end: Number(size) })) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  it("are whole when their last slice came, on whichever nodes they came", async () => {
    const session = await open().addDevice();
    const ficValue = BigInt(`0x${crc64(BYTES)}`).toString();
    const { code, data } = await begin(session, { ficMode: "crc64", ficValue, extraParams: { any: 1 } });
    expect([code, data]).toEqual([200, { uploadId: data["uploadId"], offset: 0, fileName: "a.log" }]);
    const { uploadId } = data;
    for (const [at, offset] of [0, 8, 16].entries()) {
      const bytes = BYTES.subarray(offset, offset + 8);
      const answer = await send(session, { uploadId, offset }, bytes, open().nodes[at % 2]);
      const last = offset === 16 ? { complete: true } : {};
      expect([answer.code, answer.data]).toEqual([200, { uploadId, offset, bSize: bytes.length, ...last }]);
    }
    expect(await show(session)).toMatchObject({ fileName: "a.log", size: 20, crc64: crc64(BYTES) });
    expect(await content(session)).toBe(BYTES.toString());
    for (const [start, end] of [
      [0, 1],
      [7, 9],
      [5, 20],
      [16, 17],
    ] as const)
      expect(await content(session, { start, end })).toBe(BYTES.subarray(start, end).toString());
  });

  it("go on where they were after a break, by the device's own name for them", async () => {
    const session = await open().addDevice();
    const { data } = await begin(session, { initUid: "mine" });
    await send(session, { uploadId: data["uploadId"], offset: 0 }, BYTES.subarray(0, 8));
    const again = await begin(session, { initUid: "mine" }, open().nodes[1]);
    expect(again.data).toMatchObject({ uploadId: data["uploadId"], offset: 8 });
    expect((await begin(session, { initUid: "other" })).data).toMatchObject({ offset: 0 });
    await send(session, { uploadId: data["uploadId"], offset: 8 }, BYTES.subarray(8));
    expect(await content(session)).toBe(BYTES.toString());
  });

  it("are the same whatever slices come again, overlap, or come from two nodes at once", async () => {
    const session = await open().addDevice();
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 19 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, async (given) => {
        const { data } = await begin(session, {});
        const { uploadId } = data;
        const at = [0, ...given.sort((a, b) => a - b), 20];
        for (const [index, end] of at.slice(1).entries()) {
          const offset = Math.max(0, (at[index] ?? 0) - 1);
          const slice = BYTES.subarray(offset, end);
          const answers = await Promise.all(
            open().nodes.map((node) => send(session, { uploadId, offset }, slice, node)),
          );
          expect(answers.map(({ code }) => code)).toEqual([200, 200]);
        }
        expect(await content(session)).toBe(BYTES.toString());
      }),
      { numRuns: 10 },
    );
  });

  it("end with the slice that says so where their size is not known", async () => {
    const session = await open().addDevice();
    const { data } = await begin(session, { fileSize: -1 });
    const { uploadId } = data;
    expect((await send(session, { uploadId, offset: 0 }, BYTES)).data).not.toHaveProperty("complete");
    expect((await send(session, { uploadId, offset: 20, isComplete: true }, Buffer.alloc(0))).data).toMatchObject({
      complete: true,
    });
    expect(await content(session)).toBe(BYTES.toString());
  });

  it("take the place of one of their name, stay behind it, or are refused, as the device says", async () => {
    const session = await open().addDevice();
    await upload(session, Buffer.from("one"));
    await upload(session, Buffer.from("two"), { conflictStrategy: "overwrite" });
    expect(await content(session)).toBe("two");
    await upload(session, Buffer.from("+three"), { conflictStrategy: "append" });
    expect(await content(session)).toBe("two+three");
    expect(await show(session)).toMatchObject({ size: 9, crc64: crc64(Buffer.from("two+three")) });
    expect((await begin(session, { conflictStrategy: "reject" })).code).toBe(409);
    expect((await ask(session, `GET ${FILES}`))["items"]).toHaveLength(1);
  });

  it("that are not what was said are dropped", async () => {
    const session = await open().addDevice();
    const { data } = await begin(session, { ficMode: "crc64", ficValue: "1" });
    const { uploadId } = data;
    expect((await send(session, { uploadId, offset: 0 }, BYTES)).code).toBe(422);
    expect((await send(session, { uploadId, offset: 0 }, BYTES)).code).toBe(404);
    expect(await show(session)).toMatchObject({ status: 404 });
  });

  it("have slices that are refused one by one, and the upload goes on", async () => {
    const session = await open().addDevice();
    const { data } = await begin(session, {});
    const { uploadId } = data;
    const gap = await send(session, { uploadId, offset: 8 }, BYTES.subarray(8));
    expect([gap.code, gap.data]).toEqual([460, { uploadId, offset: 0 }]);
    const damaged = aSlice({ uploadId, offset: 0 }, BYTES);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    expect((await tell(session, "send", damaged)).code).toBe(460);
    expect((await send(session, { uploadId, offset: 0 }, Buffer.alloc(21))).code).toBe(413);
    expect((await send(session, { uploadId: "none", offset: 0 }, BYTES)).code).toBe(404);
    const stranger = await open().addDevice();
    expect((await send(stranger, { uploadId, offset: 0 }, BYTES)).code).toBe(404);
    expect((await send(session, { uploadId, offset: 0 }, BYTES)).code).toBe(200);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["one byte", Buffer.from([0])],
    ["a head that is longer than the message", Buffer.from([255, 255, 123, 125])],
    ["a head that is no JSON", Buffer.from([0, 2, 123, 123, 0, 0])],
    ["no params", Buffer.concat([Buffer.from([0, 2]), Buffer.from("{}"), Buffer.from([0, 0])])],
    ["another size than it says", aSlice({ uploadId: "x", offset: 0, bSize: 3 }, Buffer.from("four"))],
    ["a negative offset", aSlice({ uploadId: "x", offset: -1 }, BYTES)],
    ["an upload id that nothing can keep", aSlice({ uploadId: "\0", offset: 0 }, BYTES)],
  ])("have no slice with %s", async (_, payload) => {
    expect((await tell(await open().addDevice(), "send", payload)).code).toBe(460);
  });

  it.each([
    { fileName: "../a" },
    { fileName: "a b" },
    { fileName: "" },
    { fileName: "x".repeat(101) },
    { fileSize: 0 },
    { fileSize: -2 },
    { fileSize: 16 * 1_048_576 + 1 },
    { fileSize: "20" },
    { conflictStrategy: "merge" },
    { ficMode: "md5" },
  ])("do not begin with %j", async (params) => {
    expect((await begin(await open().addDevice(), params)).code).toBe(460);
  });

  it("are cancelled, and there are a few unfinished ones of a device at most", async () => {
    const session = await open().addDevice();
    const ids: unknown[] = [];
    for (let at = 0; at < 5; at += 1) ids.push((await begin(session, { fileName: `f${at}` })).data["uploadId"]);
    const cancel = async (uploadId: unknown) => (await tell(session, "cancel", { id: 1, params: { uploadId } })).code;
    expect(await cancel(ids[0])).toBe(404);
    expect([await cancel(ids[4]), await cancel(ids[4]), await cancel(undefined)]).toEqual([200, 404, 460]);
  });

  it("are listed page by page and deleted, and their links lead nowhere then", async () => {
    const session = await open().addDevice();
    for (const fileName of ["c", "a", "b"]) await upload(session, BYTES, { fileName });
    const first = await ask(session, `GET ${FILES}`, { query: { limit: 2 } });
    expect((first["items"] as { fileName: string }[]).map(({ fileName }) => fileName)).toEqual(["a", "b"]);
    const rest = await ask(session, `GET ${FILES}`, { query: { limit: 2, cursor: first["nextCursor"] } });
    expect(rest).toMatchObject({ items: [{ fileName: "c" }] });
    const { url } = await show(session, "a");
    const remove = () => ask(session, `DELETE ${FILES}/:fileName`, { params: { fileName: "a" } });
    expect(await remove()).toEqual({});
    expect(await remove()).toMatchObject({ status: 404 });
    expect(await open().node.services.download(String(url).replace("http://devices.example.com/download/", ""))).toBe(
      "missing",
    );
  });

  it("that nobody went on with are dropped after a day, and complete ones stay", async () => {
    const session = await open().addDevice();
    await upload(session, BYTES);
    const { data } = await begin(session, { fileName: "b" });
    const work = open().node.services.works.find(({ name }) => name === "abandoned uploads");
    await work?.run(new AbortController().signal);
    expect((await send(session, { uploadId: data["uploadId"], offset: 0 }, BYTES.subarray(0, 4))).code).toBe(200);
    await open().database.db.execute("update file_uploads set touched_at_ms = 0");
    await work?.run(new AbortController().signal);
    expect((await send(session, { uploadId: data["uploadId"], offset: 4 }, BYTES.subarray(4))).code).toBe(404);
    expect(await content(session)).toBe(BYTES.toString());
  });

  it("are 403 where the product does not have the service, and a device that wants no answer gets none", async () => {
    const session = await open().addDevice();
    await open().turn(session, "files", false);
    expect((await begin(session, {})).code).toBe(403);
    expect((await send(session, { uploadId: "x", offset: 0 }, BYTES)).code).toBe(403);
    const silent = aSlice({ uploadId: "x", offset: 0 }, BYTES, { sys: { ack: 0 } });
    expect(await open().node.send(session, topicOf(session, "send"), silent)).toBeUndefined();
  });
});
