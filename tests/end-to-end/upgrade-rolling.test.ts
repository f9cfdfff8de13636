import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connectCoap, connectMqtt, type DeviceCertificate } from "@trine/device";
import { startRedis, type TestServer } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultRound } from "../src/faults/fault-round.ts";
import { describeVerdict } from "../src/faults/figures.ts";
import type { Scenario } from "../src/faults/scenario.ts";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { type GatewayNode, type ManyNodes, startManyNodes } from "../src/many-nodes.ts";
import { steadyPort } from "../src/network/steady-port.ts";
import { pause } from "../src/traffic/pause.ts";
import { readUntil } from "../src/uplink-reader.ts";

const HOST = "127.0.0.1";
const DRAIN_MS = 4_000;
const DEVICES = 200;

const rollingRestart: Scenario = {
  name: "rolling restart",
  async strike({ nodes }) {
    const wrong: string[] = [];
    for (const { app, name } of nodes) {
      const code = await app.stop();
      if (code !== 0) wrong.push(`${name} ended with code ${code}`);
      await app.start();
    }
    return wrong;
  },
};

describe("a gateway that is told to stop while others run", () => {
  let trine: ManyNodes<TestServer>;

  beforeAll(async () => {
    trine = await startManyNodes(async () => startRedis({ port: await steadyPort() }), {
      TRINE_DRAIN_SECONDS: String(DRAIN_MS / 1_000),
    });
  }, 120_000);
  afterAll(() => trine?.dispose());

  it("hands its devices on in small steps, serves each until then, and loses nothing that it acknowledged", async () => {
    const [leaving, staying] = trine.nodes;
    if (!leaving || !staying) throw new Error("there are no two nodes");
    const productKey = await makeProduct(staying.api);
    const devices: Awaited<ReturnType<typeof startDevice>>[] = [];
    while (devices.length < DEVICES) {
      const few = Array.from({ length: DEVICES / 20 }, async () =>
        startDevice(leaving, await addDevice(staying.api, productKey)),
      );
      devices.push(...(await Promise.all(few)));
    }
    await eventually(
      async () => devices.map(({ acknowledged }) => acknowledged.length),
      (counts) => counts.every((count) => count > 0),
    );

    const begun = performance.now();
    const stopped = leaving.app.stop();
    const whileItDrains = await eventually(
      () => readiness(leaving),
      ({ status }) => status === 503,
      DRAIN_MS / 2,
    );
    expect(whileItDrains.body).toMatchObject({
      complaints: [{ part: "process", detail: "is stopping", severity: "error" }],
    });
    await expect(
      connectMqtt({ host: HOST, port: leaving.ports.mqtt, certificate: await addDevice(staying.api, productKey) }),
    ).rejects.toMatchObject({ code: "closed" });
    expect(await stopped).toBe(0);

    const ends = (await Promise.all(devices.map(({ ended }) => ended))).map((at) => at - begun);
    // A tenth of the time is a tenth of the devices; a busy machine makes some of them late.
    for (let from = 0; from < DRAIN_MS; from += DRAIN_MS / 10) {
      const closed = ends.filter((at) => at >= from && at < from + DRAIN_MS / 10).length;
      expect(closed, `closed from ${from} ms on`).toBeLessThan(0.35 * DEVICES);
    }
    expect(ends.filter((at) => at < DRAIN_MS / 2).length).toBeGreaterThan(0.2 * DEVICES);
    expect(ends.filter((at) => at > DRAIN_MS / 2).length).toBeGreaterThan(0.2 * DEVICES);
    // Those whose turn came late were served meanwhile.
    expect(devices.filter(({ lastAt }) => lastAt() - begun > DRAIN_MS / 2).length).toBeGreaterThan(0.2 * DEVICES);

    const wanted = devices.flatMap(({ acknowledged }) => acknowledged);
    const missing = (texts: ReadonlySet<string>) => wanted.filter((text) => !texts.has(text));
    const read = await readUntil(
      staying.api,
      (messages) => missing(new Set(messages.map(({ text }) => text))).length === 0,
      { group: "drained", productKey, withinMs: 30_000 },
    );
    expect(missing(new Set(read.map(({ text }) => text)))).toEqual([]);
    await leaving.app.start();
  }, 120_000);

  it("serves CoAP until the end, and ends HTTP connections after what was begun on them", async () => {
    const [leaving, staying] = trine.nodes;
    if (!leaving || !staying) throw new Error("there are no two nodes");
    const productKey = await makeProduct(staying.api);
    const certificate = await addDevice(staying.api, productKey);
    const coap = await connectCoap({ host: HOST, port: leaving.ports.coap, certificate, mode: "plain" });
    const http = await beginRequest(leaving.ports.http);

    const stopped = leaving.app.stop();
    await eventually(
      () => readiness(leaving),
      ({ status }) => status === 503,
      DRAIN_MS / 2,
    );
    await coap.publish({ topic: topicOf(certificate, "user/update"), payload: "while it drains" });
    http.write(BODY);
    const response = (await text(http)).toLowerCase();
    expect(response).toContain("http/1.1 200 ok\r\n");
    expect(response).toContain("\r\nconnection: close\r\n");
    expect(await stopped).toBe(0);
    await coap.close();
    await readUntil(staying.api, (messages) => messages.some((message) => message.text === "while it drains"), {
      group: "drained-coap",
      productKey,
    });
    await leaving.app.start();
  }, 60_000);

  it("is one of all, restarted one after the other under traffic both ways: nothing is lost", async () => {
    const verdict = await faultRound(rollingRestart, trine);
    const figures = describeVerdict(verdict);
    expect(verdict, figures).toMatchObject({ lost: [], undelivered: [], wrong: [] });
    expect(verdict.acknowledged, "traffic was under way").toBeGreaterThan(100);
  }, 120_000);
});

const BODY = JSON.stringify({ version: "default" });

/** Sends the head of a login over HTTP; its body is still to come when the gateway has read it. */
async function beginRequest(port: number): Promise<Socket> {
  const socket = connect(port, HOST);
  const head = ["POST /auth HTTP/1.1", "Host: x", "Content-Type: application/json", "Expect: 100-continue"];
  socket.write(`${[...head, `Content-Length: ${BODY.length}`].join("\r\n")}\r\n\r\n`);
  await once(socket, "readable");
  expect(String(socket.read())).toMatch(/^HTTP\/1.1 100 /);
  return socket;
}

const BETWEEN_MESSAGES_MS = 250;

/** Publishes numbered messages, one in flight, until its connection ends. */
async function startDevice(node: GatewayNode, certificate: DeviceCertificate) {
  const connection = await connectMqtt({ host: HOST, port: node.ports.mqtt, certificate });
  const acknowledged: string[] = [];
  let lastAt = 0;
  const publish = async () => {
    try {
      for (let number = 1; ; number += 1) {
        const payload = `${certificate.deviceName} ${number}`;
        await connection.publish({ topic: topicOf(certificate, "user/update"), payload });
        acknowledged.push(payload);
        lastAt = performance.now();
        await pause(BETWEEN_MESSAGES_MS);
      }
    } catch {
      // What was not acknowledged may be lost.
    }
  };
  void publish();
  return { acknowledged, lastAt: () => lastAt, ended: connection.closed.then(() => performance.now()) };
}

async function readiness({ metricsPort }: GatewayNode): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://${HOST}:${metricsPort}/readyz`);
  return { status: response.status, body: await response.json() };
}
