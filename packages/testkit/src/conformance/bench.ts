import { type DeviceRef, Secret, SIGN_METHODS } from "@trine/core/certificate";
import type { DeviceCertificate } from "@trine/core/registry";
import type { AdapterUnderTest, DeviceSession, LoginAnswer, LoginRequest } from "./adapter-driver.ts";
import type { TestPlatform } from "./test-platform.ts";

/** One case's platform and the adapter that was started over it. */
export interface Bench {
  readonly gateway: TestPlatform;
  readonly adapter: AdapterUnderTest;
}

/** A topic that every device may publish on (wire-format 6.1). */
export function ownTopic({ productKey, deviceName }: DeviceRef): string {
  return `/${productKey}/${deviceName}/user/update`;
}

/** A topic on which every device may be sent something (wire-format 6.1). */
export function downTopic({ productKey, deviceName }: DeviceRef): string {
  return `/${productKey}/${deviceName}/user/get`;
}

/** The login of the device that holds this certificate. */
export function loginOf({ productKey, deviceName, deviceSecret }: DeviceCertificate): LoginRequest {
  return { device: { productKey, deviceName }, deviceSecret: deviceSecret.reveal() };
}

/** The same device with a secret that it was not given. */
export function withWrongSecret(certificate: DeviceCertificate): DeviceCertificate {
  return { ...certificate, deviceSecret: new Secret("x".repeat(32)) };
}

/** Logs in and takes the session. @throws when the login is refused. */
export async function loggedIn(adapter: AdapterUnderTest, certificate: DeviceCertificate): Promise<DeviceSession> {
  return sessionOf(await adapter.login(loginOf(certificate)));
}

/** The session of an accepted login. @throws when it was refused. */
export function sessionOf(answer: LoginAnswer): DeviceSession {
  if (!answer.session) throw new Error(`the login was refused with ${answer.code}`);
  return answer.session;
}

/** Every sign method there is. */
export function signMethods(): (keyof typeof SIGN_METHODS)[] {
  return Object.keys(SIGN_METHODS) as (keyof typeof SIGN_METHODS)[];
}
