import { type CertificateWishes, createTestCa, type TestCa } from "@trine/testkit/x509";
import { isRefusal, type Session, type X509Attempt, type X509Chain } from "../src/auth/index.ts";
import type { DeviceRef } from "../src/certificate/index.ts";
import { aNode, aSession, must, type Node, OPERATOR } from "./a-node.ts";

/** A node with one device, a CA that nobody trusts yet, and another one. */
export interface X509Node {
  readonly node: Node;
  readonly device: DeviceRef;
  readonly ca: TestCa;
  readonly otherCa: TestCa;
  /** Has a product trust a CA; the device's product unless another one is given. */
  trust(authority: TestCa, productKey?: DeviceRef["productKey"]): Promise<void>;
  /** What a certificate of the device is to say. */
  named(more?: CertificateWishes): CertificateWishes;
  /** Adds another device to the product. */
  addOther(): Promise<DeviceRef>;
  /** Logs in with certificates. @returns the session, or the refusal's code with its private reason. */
  logIn(chain: X509Chain, more?: Partial<X509Attempt>): Promise<Session | string>;
}

const cas = Promise.all([createTestCa(), createTestCa({ commonName: "Other CA" })]);

/** Makes a node of its own, and CAs once a file. */
export async function anX509Node(): Promise<X509Node> {
  const [ca, otherCa] = await cas;
  const node = await aNode();
  const { device } = await aSession(node);
  return {
    node,
    device,
    ca,
    otherCa,
    async trust(authority, productKey = device.productKey) {
      must(await node.operators.x509Authorities.add(OPERATOR, productKey, authority.pem));
    },
    named: (more = {}) => ({ commonName: device.deviceName, units: [device.productKey], ...more }),
    async addOther() {
      const other = { deviceName: "device_02" };
      return must(await node.operators.devices.add(OPERATOR, device.productKey, other)).device.device;
    },
    async logIn(chain, more = {}) {
      const attempt = { x509: chain, transport: "radio", peer: "192.0.2.1", keep: "connection" as const, ...more };
      const outcome = await node.platform.authenticator.authenticate(attempt);
      return isRefusal(outcome) ? `${outcome.code}: ${outcome.why}` : outcome;
    },
  };
}
