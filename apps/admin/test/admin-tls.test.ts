import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { get, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { makeTempFolder, type TempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openAdminTls } from "../src/access/admin-tls.ts";
import type { AdminSettings } from "../src/settings.ts";
import { openAdmin, type TestAdmin } from "./an-admin.ts";

const WAIT = { timeout: 5_000, interval: 20 };

describe("the admin port with a certificate", () => {
  let folder: TempFolder;
  let admin: TestAdmin;
  let port: number;
  const faults: unknown[] = [];
  let unfollow: () => void;
  const file = (name: string) => join(folder.path, name);
  const settings = (cert: string | undefined, key: string | undefined) =>
    ({ TRINE_ADMIN_TLS_CERT_FILE: cert, TRINE_ADMIN_TLS_KEY_FILE: key }) as AdminSettings;

  beforeAll(async () => {
    folder = await makeTempFolder("admin-tls");
    for (const name of ["one", "two"]) makePair(file(name));
    copyFileSync(file("one.crt"), file("tls.crt"));
    copyFileSync(file("one.key"), file("tls.key"));
    const tls = openAdminTls(settings(file("tls.crt"), file("tls.key")), 20);
    if (!tls) throw new Error("there is no TLS");
    admin = await openAdmin({ tls });
    await admin.app.listen({ port: 0, host: "127.0.0.1" });
    ({ port } = admin.app.server.address() as AddressInfo);
    unfollow = tls.follow(admin.app.server as Server, (error) => faults.push(error));
  });
  afterAll(async () => {
    unfollow();
    await admin[Symbol.asyncDispose]();
    await folder.remove();
  });

  async function shake(options: ConnectionOptions = {}): Promise<{ protocol: string | null; name: string }> {
    const socket: TLSSocket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
    await once(socket, "secureConnect");
    const facts = { protocol: socket.getProtocol(), name: String(socket.getPeerCertificate().subject.CN) };
    socket.destroy();
    return facts;
  }

  it("speaks TLS 1.3, and 1.2 with forward secrecy, and says that it stays with TLS", async () => {
    expect(await shake()).toEqual({ protocol: "TLSv1.3", name: "one" });
    const modern = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" } as const;
    expect(await shake(modern)).toMatchObject({ protocol: "TLSv1.2" });
    const [response] = await once(
      get({ port, host: "127.0.0.1", path: "/openapi.json", rejectUnauthorized: false }),
      "response",
    );
    expect(response.headers).toHaveProperty("strict-transport-security");
    response.destroy();
  });

  it.each<[string, ConnectionOptions]>([
    ["TLS 1.1", { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
    ["CBC", { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256" }],
    ["key exchange without forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-SHA256:AES128-GCM-SHA256" }],
    ["a pre-shared key", { maxVersion: "TLSv1.2", ciphers: "PSK-AES128-CBC-SHA256" }],
  ])("does not speak what the devices of old need: %s", async (_name, options) => {
    await expect(shake(options)).rejects.toThrow();
  });

  it("reads the files again when they change, and stays with the old pair while they are none", async () => {
    writeFileSync(file("tls.crt"), "no certificate");
    await vi.waitUntil(() => faults.length > 0, WAIT);
    expect((await shake()).name).toBe("one");
    copyFileSync(file("two.key"), file("tls.key"));
    copyFileSync(file("two.crt"), file("tls.crt"));
    await vi.waitUntil(async () => (await shake()).name === "two", WAIT);
  });

  it("does not start with half of a pair, or with none that fits", () => {
    expect(openAdminTls(settings(undefined, undefined))).toBeUndefined();
    const refused = /TRINE_ADMIN_TLS_CERT_FILE and TRINE_ADMIN_TLS_KEY_FILE/;
    expect(() => openAdminTls(settings(file("one.crt"), undefined))).toThrow(refused);
    expect(() => openAdminTls(settings(file("one.crt"), file("two.key")))).toThrow(refused);
    expect(() => openAdminTls(settings(file("nosuch"), file("one.key")))).toThrow(refused);
  });
});

function makePair(path: string): void {
  const name = path.split("/").at(-1) ?? "";
  const options = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", [...options, "-subj", `/CN=${name}`, "-keyout", `${path}.key`, "-out", `${path}.crt`], {
    stdio: "ignore",
  });
}
