import { describe, expect, it } from "vitest";
import { aDevice } from "../../../test/an-attempt.ts";
import { replyTo } from "./reply-to.ts";

const device = aDevice("device_01", "a1b2C3d4E5f");
const THING = "/sys/a1b2C3d4E5f/device_01/thing";
const NTP = "/ext/ntp/a1b2C3d4E5f/device_01";

function ask(topic: string, text: string | Buffer): { topic: string; text: string } | undefined {
  const time = { receivedAtMs: 1_571_724_098_110, clock: { nowMs: () => 1_571_724_098_115, monotonicMs: () => 0 } };
  const reply = replyTo(device, { topic, payload: Buffer.from(text) }, time);
  return reply && { topic: reply.topic, text: reply.payload.toString() };
}

describe("answers to thing-model posts", () => {
  const ok = (id: string, method: string) =>
    `{"code":200,"data":{},"id":${id},"message":"success","method":${method},"version":"1.0"}`;

  it.each(["event/property/post", "event/alarm/post", "event/module:alarm/post", "deviceinfo/update"])(
    "to %s goes out on its reply topic, compact, with the method made from the topic",
    (path) => {
      const method = JSON.stringify(`thing.${path.replaceAll("/", ".")}`);
      expect(ask(`${THING}/${path}`, '{ "id" : "123", "params" : {} }')).toEqual({
        topic: `${THING}/${path}_reply`,
        text: ok('"123"', method),
      });
    },
  );

  it.each([['"1|exp-topic|/sys/a/b/c_reply"'], ["1"], ["12345678901234567890"], ['"\\u0031"'], ["1.0"], ["null"]])(
    "echo the id %s byte for byte, with its type",
    (id) => {
      const answer = ask(`${THING}/event/property/post`, `{"id":${id},"params":{},"method":"m"}`);
      expect(answer?.text).toBe(ok(id, '"m"'));
      JSON.parse(answer?.text ?? "");
    },
  );

  it("echo the method as it came, an empty one too", () => {
    const answer = ask(`${THING}/event/property/post`, '{"id":"1","params":{},"method":""}');
    expect(answer?.text).toBe(ok('"1"', '""'));
  });

  it.each([
    ['{"id":"1","sys":{"ack":0},"params":{}}', false],
    ['{"id":"1","sys":{"ack":1},"params":{}}', true],
    ['{"id":"1","sys":{},"params":{}}', true],
    ['{"id":"1","sys":null,"params":{}}', true],
    ['{"id":"1","sys":{"ack":"0"},"params":{}}', true],
  ])("to %s: wanted %s", (text, wanted) => {
    expect(ask(`${THING}/event/property/post`, text) !== undefined).toBe(wanted);
  });

  it.each([
    ["{", '""'],
    ["", '""'],
    ["[1]", '""'],
    ["null", '""'],
    ['"text"', '""'],
    ['{"id":"7",,}', '""'],
    ['{"id":"7"}', '"7"'],
    [Buffer.from([0xff, 0xfe, 0x00, 0x01]), '""'],
  ])("to %j, which has no params or is no JSON object, say 460 with the id %s", (text, id) => {
    const answer = JSON.parse(ask(`${THING}/event/property/post`, text)?.text ?? "");
    expect(answer).toMatchObject({ code: 460, id: JSON.parse(id), version: "1.0" });
  });

  it("pass over the NUL that ends a C string", () => {
    expect(ask(`${THING}/deviceinfo/update`, '{"id":"1","params":[]}\0')?.text).toContain('"code":200');
  });

  it("have a parsable body whatever the device sends", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const answer = ask(`${THING}/event/property/post`, `{"${name}":{"params":1},"id":"1"}`);
      expect(JSON.parse(answer?.text ?? "")).toMatchObject({ code: 460, id: "1" });
    }
  });

  it.each([
    `${THING}/event/property/history/post`,
    `${THING}/event/post`,
    `${THING}/event/a/b/post`,
    `${THING}/deviceinfo/delete`,
    `${THING}/config/get`,
    "/sys/a1b2C3d4E5f/device_02/thing/event/property/post",
    "/a1b2C3d4E5f/device_01/user/update",
  ])("are not given to %s", (topic) => {
    expect(ask(topic, '{"id":"1","params":{}}')).toBeUndefined();
  });
});

describe("answers to questions for the time", () => {
  it.each(['"1571724098000"', "1571724098000", "1571724098000.0"])("echo deviceSendTime %s with its type", (sent) => {
    expect(ask(`${NTP}/request`, `{"deviceSendTime" : ${sent}}`)).toEqual({
      topic: `${NTP}/response`,
      text: `{"deviceSendTime":${sent},"serverRecvTime":"1571724098110","serverSendTime":"1571724098115"}`,
    });
  });

  it.each(["{}", "", "{", "[]"])("are not given to %j, which has no deviceSendTime", (text) => {
    expect(ask(`${NTP}/request`, text)).toBeUndefined();
  });

  it("are not given to another device's question", () => {
    expect(ask("/ext/ntp/a1b2C3d4E5f/device_02/request", '{"deviceSendTime":1}')).toBeUndefined();
  });
});
