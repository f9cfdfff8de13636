import { beforeEach, describe, expect, it } from "vitest";
import { aFleet, aNode, aSession, type Node } from "../../../test/a-node.ts";
import type { Session } from "../../auth/session.ts";
import type { DeviceServices, Served } from "../../ports/device-services.ts";

const ASKED = "/sys/asked";
const noServices: DeviceServices = {
  serves: () => false,
  serve: async () => undefined,
  opened: () => undefined,
  told: async () => undefined,
  download: async () => "missing",
  evict: () => undefined,
  clear: () => undefined,
};

let served: Served | undefined;
let fault: Error | undefined;
let node: Node;
let session: Session;

beforeEach(async () => {
  served = undefined;
  fault = undefined;
  const serve: DeviceServices["serve"] = async (_session, { topic }) => {
    if (fault) throw fault;
    return topic.includes("/thing/") ? served : undefined;
  };
  const serves: DeviceServices["serves"] = (_device, topic) => topic.endsWith("/thing/new/post");
  node = await aNode({ fleet: aFleet(), given: { openServices: () => ({ ...noServices, serves, serve }) } });
  session = await aSession(node);
});

const base = () => `${session.device.productKey}/${session.device.deviceName}`;
const post = () =>
  node.platform.uplink.accept(session, {
    topic: `/sys/${base()}/thing/event/property/post`,
    payload: Buffer.from("{}"),
    qos: 1,
  });

async function logged(): Promise<string[]> {
  const { uplinkLog } = node.fleet.ports;
  const items = await uplinkLog.read("all", { consumer: "c", count: 100, nowMs: 0 });
  if (items === "filter_differs") throw new Error("one group, one filter");
  return items
    .filter(({ topic }) => !topic.startsWith("/as/") && !topic.endsWith("lifecycle"))
    .map(({ topic }) => topic);
}

describe("a message that a device service takes", () => {
  it("brings the service's answer, and is in the log as it came", async () => {
    served = { reply: { topic: ASKED, payload: Buffer.from("yes") } };
    expect(await post()).toMatchObject({ reply: { topic: ASKED, payload: Buffer.from("yes") } });
    expect(await logged()).toEqual([`/sys/${base()}/thing/event/property/post`]);
  });

  it("is in the log as what the service made of it", async () => {
    served = { record: { topic: `/${base()}/thing/event/property/post`, payload: Buffer.from("made") } };
    expect(await post()).not.toHaveProperty("reply");
    expect(await logged()).toEqual([`/${base()}/thing/event/property/post`]);
  });

  it("is not acknowledged, and not in the log, when the service cannot do it", async () => {
    fault = new Error("down");
    expect(await post()).toMatchObject({ code: "unavailable" });
    expect(await logged()).toEqual([]);
  });

  it("may be on a topic that only the service knows, and on no other", async () => {
    served = { reply: { topic: ASKED, payload: Buffer.from("yes") } };
    const publish = (topic: string) =>
      node.platform.uplink.accept(session, { topic, payload: Buffer.from("{}"), qos: 1 });
    expect(await publish(`/sys/${base()}/thing/new/post`)).toHaveProperty("reply");
    expect(await publish(`/sys/${base()}/thing/newer/post`)).toMatchObject({ code: "forbidden_topic" });
  });

  it("has no answer when no service answers it", async () => {
    expect(await post()).not.toHaveProperty("reply");
  });
});
