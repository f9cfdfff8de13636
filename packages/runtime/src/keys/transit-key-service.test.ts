import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { KeyServiceError } from "@trine/core/ports";
import { makeTempFolder, startTransit, type TransitServer } from "@trine/testkit/servers";
import { createTestCa } from "@trine/testkit/x509";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTransitKeyService, type TransitLocation } from "./transit-key-service.ts";

const KEY = randomBytes(32);
const NAMESPACE = "factory/blue";

let server: TransitServer;
let location: TransitLocation;
let folder: Awaited<ReturnType<typeof makeTempFolder>>;

beforeAll(async () => {
  folder = await makeTempFolder("transit");
  const ca = await createTestCa();
  const { pem, keyPem } = await ca.issue({ commonName: "localhost" });
  server = await startTransit({ tls: { cert: pem, key: keyPem }, namespace: NAMESPACE });
  const tokenFile = `${folder.path}/token`;
  writeFileSync(tokenFile, `${server.token}\n`);
  location = { url: `${server.url}/`, keyName: "fleet", tokenFile, ca: ca.pem, namespace: NAMESPACE, timeoutMs: 2_000 };
});

afterAll(async () => {
  await server.stop();
  await folder.remove();
});

beforeEach(() => {
  server.state = "open";
});

describe("a key service with the Transit API", () => {
  it("unwraps what it wrapped, by a key that stays there", async () => {
    const service = createTransitKeyService(location);
    expect(service.id).toBe("transit:fleet");
    const wrapped = await service.wrap(KEY);
    expect(wrapped).toMatch(/^vault:v1:/);
    expect(wrapped).not.toContain(KEY.toString("base64"));
    const unwrapped = await service.unwrap(wrapped);
    expect(unwrapped?.equals(KEY)).toBe(true);
    expect(inspect({ unwrapped })).not.toContain(KEY.toString("hex").slice(0, 8));
    expect(server.requests.slice(-2)).toEqual([
      `POST /v1/transit/encrypt/fleet ${NAMESPACE}`,
      `POST /v1/transit/decrypt/fleet ${NAMESPACE}`,
    ]);
  });

  it("says that it did not wrap what another key wrapped, or what was changed", async () => {
    const service = createTransitKeyService({ ...location, keyName: "other" });
    const wrapped = await service.wrap(KEY);
    expect(await service.unwrap(`${wrapped.slice(0, -8)}AAAAAAA=`)).toBeUndefined();
    expect(await createTransitKeyService(location).unwrap(wrapped)).toBeUndefined();
    server.replaceKey("other");
    expect(await service.unwrap(wrapped)).toBeUndefined();
    expect(await createTransitKeyService({ ...location, keyName: "nobody" }).unwrap(wrapped)).toBeUndefined();
  });

  it("reads the token anew for each request", async () => {
    const tokenFile = `${folder.path}/changing`;
    const service = createTransitKeyService({ ...location, tokenFile });
    writeFileSync(tokenFile, "old");
    await expect(service.wrap(KEY)).rejects.toThrow("refuses the token for the key fleet");
    writeFileSync(tokenFile, server.token);
    await expect(service.wrap(KEY)).resolves.toMatch(/^vault:/);
  });

  it.each([
    ["sealed", "answers 503"],
    ["silent", "does not answer: no answer in 300 ms"],
    ["broken", "answers something else than Transit does"],
  ] as const)("that is %s is a fault of one line, and never a key that is not its own", async (state, words) => {
    const service = createTransitKeyService({ ...location, timeoutMs: 300 });
    server.state = state;
    for (const ask of [() => service.wrap(KEY), () => service.unwrap("vault:v1:AAAA")]) {
      const error = await ask().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(KeyServiceError);
      expect(String(error)).toContain(words);
      expect(String(error)).not.toMatch(/\n/);
      expect(String(error)).not.toContain(server.token);
    }
  });

  it("is not believed when its certificate is signed by somebody else", async () => {
    const { ca: _, ...rest } = location;
    await expect(createTransitKeyService(rest).wrap(KEY)).rejects.toThrow("does not answer");
    const { pem } = await createTestCa();
    await expect(createTransitKeyService({ ...rest, ca: pem }).wrap(KEY)).rejects.toThrow("does not answer");
  });

  it("that cannot be reached, or whose token cannot be read, is named", async () => {
    const plain = await startTransit();
    await plain.stop();
    await expect(createTransitKeyService({ ...location, url: plain.url }).wrap(KEY)).rejects.toThrow(plain.url);
    await expect(createTransitKeyService({ ...location, tokenFile: "/nowhere" }).wrap(KEY)).rejects.toThrow("ENOENT");
  });

  it("gets its token by https, or in clear on this machine only", () => {
    for (const url of ["http://vault.example:8200", "ftp://localhost", "vault"])
      expect(() => createTransitKeyService({ ...location, url }), url).toThrow(KeyServiceError);
    for (const url of ["http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200", "https://vault.example"])
      expect(() => createTransitKeyService({ ...location, url }), url).not.toThrow();
  });
});
