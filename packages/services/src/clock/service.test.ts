import { parseDeviceRef } from "@trine/core/certificate";
import { describe, expect, it } from "vitest";
import type { ServiceHost, ServiceMessage } from "../contracts.ts";
import { service } from "./service.ts";

const device = parseDeviceRef("a1b2C3d4E5f", "device_01");
const NTP = "/ext/ntp/a1b2C3d4E5f/device_01";
const host = { clock: { nowMs: () => 1_571_724_098_115, monotonicMs: () => 0 } } as unknown as ServiceHost;

async function ask(text: string) {
  const handler = service.open(host, {}).topics?.["/ext/ntp/{pk}/{dn}/request"];
  const message = { device, topic: `${NTP}/request`, payload: Buffer.from(text), receivedAtMs: 1_571_724_098_110 };
  const { reply } = (await handler?.serve(message as unknown as ServiceMessage)) ?? {};
  return reply && { topic: reply.topic, text: reply.payload.toString() };
}

describe("answers to questions for the time", () => {
  it.each(['"1571724098000"', "1571724098000", "1571724098000.0"])(
    "echo deviceSendTime %s with its type",
    async (sent) => {
      expect(await ask(`{"deviceSendTime" : ${sent}}`)).toEqual({
        topic: `${NTP}/response`,
        text: `{"deviceSendTime":${sent},"serverRecvTime":"1571724098110","serverSendTime":"1571724098115"}`,
      });
    },
  );

  it.each(["{}", "", "{", "[]"])("are not given to %j, which has no deviceSendTime", async (text) => {
    expect(await ask(text)).toBeUndefined();
  });
});
