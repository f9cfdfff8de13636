import { createTestCa, type TestCa } from "@trine/testkit/x509";
import { beforeEach, describe, expect, it } from "vitest";
import { isRefusal, type Session, type X509Chain } from "../src/auth/index.ts";
import type { DeviceRef } from "../src/certificate/index.ts";
import type { AuthType } from "../src/ports/index.ts";
import { aNode, must, NOW_MS, type Node, OPERATOR } from "./a-node.ts";
import { anAttempt } from "./an-attempt.ts";
import { anX509Node, type X509Node } from "./an-x509-node.ts";

const DAY_MS = 86_400_000;

let node: Node;
let device: DeviceRef;
let ca: TestCa;
let otherCa: TestCa;
let trust: X509Node["trust"];
let named: X509Node["named"];
let addOther: X509Node["addOther"];
let logIn: X509Node["logIn"];

beforeEach(async () => {
  ({ node, device, ca, otherCa, trust, named, addOther, logIn } = await anX509Node());
});

describe("only the holder of a device's certificate", () => {
  it("learns that the device is disabled", async () => {
    await trust(ca);
    await node.operators.devices.disable(OPERATOR, device);
    expect(await logIn([(await otherCa.issue(named())).der])).toMatch(/^bad_credentials/);
    expect(await logIn([(await ca.issue(named())).der])).toMatch(/^disabled/);
  });

  it("learns what the product allows", async () => {
    await trust(ca);
    await node.operators.products.update(OPERATOR, device.productKey, { policy: { authType: "secret" } });
    expect(await logIn([(await otherCa.issue(named())).der])).toMatch(/^bad_credentials/);
    expect(await logIn([(await ca.issue(named())).der])).toBe("not_allowed: a certificate");
  });
});

describe("a product", () => {
  const logInBySecret = async (deviceSecret: string) => {
    const attempt = anAttempt({ device, deviceSecret });
    const outcome = await node.platform.authenticator.authenticate(attempt);
    return isRefusal(outcome) ? outcome.code : "ok";
  };

  it.each<[AuthType | undefined, string, string]>([
    [undefined, "ok", "ok"],
    ["both", "ok", "ok"],
    ["secret", "ok", "not_allowed"],
    ["x509", "not_allowed", "ok"],
  ])("of authType %s lets a secret in: %s, and a certificate: %s", async (authType, bySecret, byX509) => {
    await trust(ca);
    if (authType) await node.operators.products.update(OPERATOR, device.productKey, { policy: { authType } });
    const { deviceSecret } = must(await node.operators.devices.certificate(OPERATOR, device));
    expect(await logInBySecret(deviceSecret.reveal())).toBe(bySecret);
    expect(await logInBySecret("wrong")).toBe("bad_credentials");
    const outcome = await logIn([(await ca.issue(named())).der]);
    expect(typeof outcome === "string" ? outcome.split(":")[0] : "ok").toBe(byX509);
  });
});

describe("a MAC over a channel that a certificate opened", () => {
  const logInOver = async (chain: X509Chain) => {
    const { deviceSecret } = must(await node.operators.devices.certificate(OPERATOR, device));
    const attempt = anAttempt({ device, deviceSecret: deviceSecret.reveal(), channel: { kind: "x509", chain } });
    const outcome = await node.platform.authenticator.authenticate(attempt);
    return isRefusal(outcome) ? outcome.code : "ok";
  };

  it("is refused when the certificate is another device's", async () => {
    const other = await addOther();
    const { der, pem } = await ca.issue();
    must(await node.operators.x509.bind(OPERATOR, other, { certificate: pem }));
    expect(await logInOver([der])).toBe("bad_credentials");
  });

  it("is let in when it is the same device's, or nobody's", async () => {
    const { der, pem } = await ca.issue();
    expect(await logInOver([der])).toBe("ok");
    must(await node.operators.x509.bind(OPERATOR, device, { certificate: pem }));
    expect(await logInOver([der])).toBe("ok");
  });
});

describe("a first use", () => {
  it("activates the device, and is remembered and noted once", async () => {
    await trust(ca);
    const { der, fingerprint } = await ca.issue(named({ serialNumber: "0a0b" }));
    expect(await logIn([der])).toMatchObject({ activatedNow: true });
    expect(await logIn([der])).toMatchObject({ activatedNow: false });
    expect(must(await node.operators.x509.list(device))).toMatchObject([
      { fingerprint, origin: "named", firstUsedAtMs: NOW_MS, seen: { serialNumber: "0a0b" } },
    ]);
    await node.flush();
    const { items } = must(await node.operators.devices.timeline(device, { limit: 10 }));
    expect(items.map(({ kind }) => kind).filter((kind) => kind === "x509_first_used")).toHaveLength(1);
  });

  it("during which the certificate is revoked is refused", async () => {
    await trust(ca);
    const { der } = await ca.issue(named({ serialNumber: "0a0b" }));
    const { x509 } = node.fleet.ports;
    const [authority] = await x509.listAuthorities(device.productKey);
    const late = await aNode({
      nodeId: "node-2",
      fleet: node.fleet,
      given: {
        x509: {
          ...x509,
          async noteFirstUse(record) {
            // The list is written while nobody knows the certificate.
            const list = { productKey: device.productKey, issuerKeyHash: authority?.keyHash ?? "" };
            await x509.revokeSerials(list, ["0a0b"], { atMs: NOW_MS, why: "lost" });
            await x509.noteFirstUse(record);
          },
        },
      },
    });
    const attempt = { x509: [der] as const, transport: "radio", peer: "192.0.2.1", keep: "connection" as const };
    expect(await late.platform.authenticator.authenticate(attempt)).toMatchObject({ code: "bad_credentials" });
  });

  it("of a refused login is none", async () => {
    await trust(ca);
    await node.operators.devices.disable(OPERATOR, device);
    await logIn([(await ca.issue(named())).der]);
    expect(must(await node.operators.x509.list(device))).toEqual([]);
  });
});

it("a decision about a login tells the fingerprint, and the device once it is known", async () => {
  const { der, fingerprint, pem } = await createTestCa({ commonName: "whoever" });
  await logIn([der]);
  must(await node.operators.x509.bind(OPERATOR, device, { certificate: pem }));
  await logIn([der]);
  const [refused, accepted] = node.recorder.logins;
  expect(refused).toMatchObject({ fingerprint, code: "bad_credentials", why: "the certificate is of no device" });
  expect(refused?.device).toBeUndefined();
  expect(accepted).toMatchObject({ fingerprint, code: "ok", device });
});

it("a refused login stands in the timeline of the device that the certificate names", async () => {
  await logIn([(await ca.issue(named())).der]);
  await node.flush();
  const { items } = must(await node.operators.devices.timeline(device, { limit: 1 }));
  expect(items).toMatchObject([
    { kind: "refused", detail: { code: "bad_credentials", why: "the certificate: no CA of the product signed it" } },
  ]);
});

describe("a token", () => {
  const tokenOf = (session: Session | string) =>
    typeof session === "string" ? session : (session.token?.text.reveal() ?? "");
  const resume = async (token: string) => {
    const outcome = await node.platform.sessions.resume(token, { transport: "radio", peer: "192.0.2.1" });
    return isRefusal(outcome) ? outcome.code : outcome;
  };

  it("is worth as much as one that a secret was proved for, and ends with the certificate", async () => {
    await trust(ca);
    const notAfter = new Date(NOW_MS - (NOW_MS % 1_000) + DAY_MS);
    const session = await logIn([(await ca.issue(named({ notAfter }))).der], { keep: "token" });
    expect(session).toMatchObject({ token: { expiresAtMs: notAfter.getTime() } });
    const token = tokenOf(session);
    expect(await resume(token)).toMatchObject({ device, x509: { notAfterMs: notAfter.getTime() } });
    node.fleet.clock.pass(2 * DAY_MS);
    expect(await resume(token)).toBe("token_expired");
  });

  it("is void once the certificate is revoked or the product loses its CA", async () => {
    await trust(ca);
    const { der, fingerprint } = await ca.issue(named());
    const first = tokenOf(await logIn([der], { keep: "token" }));
    must(await node.operators.x509.revoke(OPERATOR, device, fingerprint, "lost"));
    expect(await resume(first)).toBe("token_invalid");
    const second = tokenOf(await logIn([(await ca.issue(named())).der], { keep: "token" }));
    expect(await resume(second)).toMatchObject({ device });
    must(await node.operators.x509Authorities.remove(OPERATOR, device.productKey, ca.fingerprint));
    expect(await resume(second)).toBe("token_invalid");
  });

  it("outlives the rotation of the secret", async () => {
    await trust(ca);
    const token = tokenOf(await logIn([(await ca.issue(named())).der], { keep: "token" }));
    must(await node.operators.rotations.rotate(OPERATOR, device, { graceSeconds: 0 }));
    expect(await resume(token)).toMatchObject({ device });
  });
});
