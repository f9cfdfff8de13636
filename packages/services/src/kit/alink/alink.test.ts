import { parseDeviceRef } from "@trine/core/certificate";
import { describe, expect, it } from "vitest";
import type { ServiceAnswer, ServiceMessage } from "../../contracts.ts";
import { alink } from "./alink.ts";

const device = parseDeviceRef("a1b2C3d4E5f", "device_01");
const TOPIC = "/sys/a1b2C3d4E5f/device_01/thing/event/property/post";
const handler = alink((params) => ({ code: 200, data: params === 7 ? undefined : params }));

const aMessage = (text: string | Buffer) =>
  ({ device, topic: TOPIC, payload: Buffer.from(text) }) as unknown as ServiceMessage;

async function ask(text: string | Buffer): Promise<{ topic: string; text: string } | undefined> {
  return read(await handler.serve(aMessage(text)));
}

function read(answer: ServiceAnswer | undefined) {
  return answer?.reply && { topic: answer.reply.topic, text: answer.reply.payload.toString() };
}

describe("an answer in the envelope", () => {
  it("goes out on the reply topic, compact, with the method made from the topic", async () => {
    expect(await ask('{ "id" : "123", "params" : 7 }')).toEqual({
      topic: `${TOPIC}_reply`,
      text: '{"code":200,"data":{},"id":"123","message":"success","method":"thing.event.property.post","version":"1.0"}',
    });
  });

  it.each([['"1|exp-topic|/sys/a/b/c_reply"'], ["1"], ["12345678901234567890"], ['"\\u0031"'], ["1.0"], ["null"]])(
    "echoes the id %s byte for byte, with its type",
    async (id) => {
      const answer = await ask(`{"id":${id},"params":{},"method":"m"}`);
      expect(answer?.text).toBe(`{"code":200,"data":{},"id":${id},"message":"success","method":"m","version":"1.0"}`);
    },
  );

  it("echoes the method as it came, an empty one too", async () => {
    expect((await ask('{"id":"1","params":{},"method":""}'))?.text).toContain('"method":""');
  });

  it.each([
    ['{"id":"1","sys":{"ack":0},"params":{}}', false],
    ['{"id":"1","sys":{"ack":1},"params":{}}', true],
    ['{"id":"1","sys":{},"params":{}}', true],
    ['{"id":"1","sys":null,"params":{}}', true],
    ['{"id":"1","sys":{"ack":"0"},"params":{}}', true],
  ])("to %s: wanted %s", async (text, wanted) => {
    expect((await ask(text)) !== undefined).toBe(wanted);
  });

  it.each([
    ["{", '""'],
    ["", '""'],
    ["[1]", '""'],
    ["null", '""'],
    ['"text"', '""'],
    ['{"id":"7",,}', '""'],
    ['{"id":"7"}', '"7"'],
    ['{"id":"7","params":{"a":"\\u0000"}}', '"7"'],
    ['{"id":"7","params":{"\\ud800":1}}', '"7"'],
    [Buffer.from([0xff, 0xfe, 0x00, 0x01]), '""'],
  ])("to %j, which has no params that can be kept, says 460 with the id %s", async (text, id) => {
    expect(JSON.parse((await ask(text))?.text ?? "")).toMatchObject({ code: 460, id: JSON.parse(id), version: "1.0" });
  });

  it("passes over the NUL that ends a C string", async () => {
    expect((await ask('{"id":"1","params":[]}\0'))?.text).toContain('"code":200');
  });

  it("is JSON whatever the device sends", async () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const answer = await ask(`{"${name}":{"params":1},"id":"1"}`);
      expect(JSON.parse(answer?.text ?? "")).toMatchObject({ code: 460, id: "1" });
    }
  });

  it("says 403 where the product does not have the service, on the same topic and with the id", () => {
    const answer = read(handler.refuse(aMessage('{"id":5,"params":{}}')));
    expect(answer?.topic).toBe(`${TOPIC}_reply`);
    expect(JSON.parse(answer?.text ?? "")).toMatchObject({ code: 403, id: 5 });
  });
});
