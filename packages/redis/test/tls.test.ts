import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createRedisControlBus, openRedis } from "@trine/redis";
import { aDeviceRef, randomName } from "@trine/testkit/ports";
import { makeTempFolder, startRedis, type TempFolder, type TestServer } from "@trine/testkit/servers";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: TempFolder;
let server: TestServer;
let ca: string;

beforeAll(async () => {
  folder = await makeTempFolder("tls");
  const [keyFile, certFile] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyFile, "-out", certFile],
  ]);
  ca = await readFile(certFile, "utf8");
  server = await startRedis({ tls: { keyFile, certFile } });
});
afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

it("speaks TLS with a server whose certificate is signed by the given one, on every connection", async () => {
  const redis = await openRedis({ url: server.url, ca, onFault: () => undefined });
  const bus = createRedisControlBus(redis);
  const nodeId = randomName();
  await bus.listen(nodeId, async () => ({ closedSessions: 1 }));
  expect(await bus.send(nodeId, { kind: "wake", device: aDeviceRef() }, 5_000)).toEqual({ closedSessions: 1 });
  await redis.close();
});

it("refuses a server whose certificate nobody vouches for", async () => {
  const opening = openRedis({ url: server.url, onFault: () => undefined });
  await expect(opening).rejects.toThrow(/self-signed certificate/);
});
