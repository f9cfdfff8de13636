import { Duplex } from "node:stream";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { type Packet, parser } from "mqtt-packet";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Filters } from "../src/filters.ts";
import { MailboxPump } from "../src/mailbox-pump.ts";
import { OutgoingWindow } from "../src/outgoing-window.ts";
import { Wire } from "../src/wire.ts";

const KIB = 1_024;
const MESSAGES = 12;
const PAYLOAD_BYTES = 100 * KIB;

let gateway: TestPlatform;

beforeEach(async () => {
  gateway = await createTestPlatform();
});
afterEach(() => gateway.stop());

/** A line whose other end reads when it is told to. */
function aLine() {
  const packets: Packet[] = [];
  const decoder = parser();
  decoder.on("packet", (packet) => packets.push(packet));
  const waiting: (() => void)[] = [];
  let reads = false;
  const stream = new Duplex({
    read: () => undefined,
    write(bytes: Buffer, _encoding, done) {
      decoder.parse(bytes);
      if (reads) setImmediate(done);
      else waiting.push(done);
    },
  });
  return {
    stream,
    packets,
    read() {
      reads = true;
      for (const done of waiting.splice(0)) done();
    },
  };
}

it("a device that does not read has a few messages written at most, and gets the rest when it reads", async () => {
  const device = await gateway.addDevice();
  const topic = `/${device.productKey}/${device.deviceName}/user/get`;
  for (let count = 0; count < MESSAGES; count += 1)
    await gateway.platform.downlink.send(device, {
      topic,
      payload: Buffer.alloc(PAYLOAD_BYTES),
      qos: 1,
      ttlMs: 60_000,
    });
  const line = aLine();
  const wire = new Wire(line.stream);
  const pump = new MailboxPump({
    platform: gateway.platform,
    device,
    taker: { id: "this" },
    wire,
    filters: new Filters(device, { implicit: false, filters: [topic] }),
    window: new OutgoingWindow(100),
    share: 100,
  });
  line.stream.on("drain", () => pump.run());
  wire.begin();
  pump.run();
  const sent = () => gateway.recorder.downlinks.filter(({ state }) => state === "sent").length;
  await expect.poll(sent).toBe(2);
  expect(line.stream.writableLength).toBeLessThan(3 * PAYLOAD_BYTES);
  line.read();
  await expect.poll(sent).toBe(MESSAGES);
  await expect.poll(() => line.packets.length).toBe(MESSAGES);
});
