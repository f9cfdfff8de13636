import {
  DEVICE_TOKEN_METHOD,
  deviceTokenFields,
  isRefusal,
  type Refusal,
  type Registered,
  type RegistrationRequest,
  type Session,
} from "../src/auth/index.ts";
import {
  computeMac,
  type DeviceRef,
  parseDeviceRef,
  parseMacHex,
  type Secret,
  stringToSign,
} from "../src/certificate/index.ts";
import type { ProductPolicy, TimelineKind } from "../src/ports/index.ts";
import { must, type Node, OPERATOR } from "./a-node.ts";
import { anAttempt } from "./an-attempt.ts";

/** A product whose devices register themselves. */
export interface RegisteringProduct {
  readonly productKey: DeviceRef["productKey"];
  readonly productSecret: Secret;
  /** Names a device of it, which need not exist. */
  device(deviceName: string): DeviceRef;
  /** Adds a device, as an operator does. */
  add(deviceName: string): Promise<{ device: DeviceRef; iotId: string; deviceSecret: string }>;
  /** A request as that device signs it; what is given replaces what would be there. */
  request(deviceName: string, given?: Partial<RegistrationRequest>): RegistrationRequest;
}

/** Makes one on a node. */
export async function aRegisteringProduct(
  { operators }: Node,
  policy: ProductPolicy = { registration: "listed" },
  secretMode: "stored" | "derived" = "stored",
): Promise<RegisteringProduct> {
  const made = must(await operators.products.create(OPERATOR, { name: "lamp", policy, secretMode }));
  const { productKey } = made.product;
  const device = (deviceName: string) => {
    const ref = parseDeviceRef(productKey, deviceName);
    if (!ref) throw new Error(`not a device: ${deviceName}`);
    return ref;
  };
  return {
    productKey,
    productSecret: made.productSecret,
    device,
    async add(deviceName) {
      const added = must(await operators.devices.add(OPERATOR, productKey, { deviceName }));
      const { iotId } = added.device;
      return { device: device(deviceName), iotId, deviceSecret: added.deviceSecret.reveal() };
    },
    request(deviceName, given = {}) {
      const { signMethod = "hmacsha256", random = "8Ygb7ULYh53B6OA" } = given;
      const text = stringToSign({ deviceName, productKey, random });
      return {
        device: device(deviceName),
        signMethod,
        random,
        mac: computeMac(signMethod, made.productSecret, text),
        wants: "secret",
        transport: "radio",
        peer: "192.0.2.9",
        ...given,
      };
    },
  };
}

/** Logs in with what a registration handed out. */
export async function logInWith({ platform }: Node, handed: Registered, clientId?: string): Promise<Session | Refusal> {
  const { device } = handed;
  if ("deviceSecret" in handed) {
    const signed = { clientId: "x", ...device };
    return platform.authenticator.authenticate(
      anAttempt({ device, deviceSecret: handed.deviceSecret.reveal(), signed }),
    );
  }
  const mac = parseMacHex(handed.deviceToken.reveal());
  if (!mac) throw new Error("a token is hex");
  const signed = deviceTokenFields(device, clientId ?? handed.clientId);
  return platform.authenticator.authenticate(
    anAttempt({ device, signed, mac, signMethod: DEVICE_TOKEN_METHOD, isToken: true }),
  );
}

/** `ok`, or the code of the refusal. */
export function codeOf(outcome: Registered | Refusal): string {
  return isRefusal(outcome) ? outcome.code : "ok";
}

/** What the timeline of a device says, oldest first. */
export async function kindsOf(node: Node, device: DeviceRef): Promise<TimelineKind[]> {
  await node.flush();
  const { items } = must(await node.operators.devices.timeline(device, { limit: 100 }));
  return items.map(({ kind }) => kind).reverse();
}
