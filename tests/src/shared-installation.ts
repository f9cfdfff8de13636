import type { DeviceCertificate } from "@trine/device";
import { afterAll, beforeAll } from "vitest";
import { addDevice, makeProduct } from "./fleet.ts";
import { type Installation, type InstallationKind, startInstallation } from "./installation.ts";
import { type ReadMessage, readUntil } from "./uplink-reader.ts";

/** An installation that all tests of a file or a group use, with one product for their devices. */
export interface SharedInstallation
  extends Pick<Installation, "api" | "app" | "ports" | "ca" | "caFile" | "frontEnvironment" | "logs"> {
  readonly productKey: string;
  addDevice(): Promise<DeviceCertificate>;
  /** Sends a message to a device, as an application does. */
  send(to: Pick<DeviceCertificate, "deviceName">, topic: string, payload: string): Promise<unknown>;
  /** Waits until a device has sent so many messages to its topic `user/update`. @returns them, each time only what came since the last. */
  readFrom(device: Pick<DeviceCertificate, "deviceName">, count?: number): Promise<readonly ReadMessage[]>;
}

const START_WITHIN_MS = 120_000;

/**
 * Has the tests of the file or group that calls it share an installation, which is there from before the first of them until after the last.
 *
 * @param environment added to every program's.
 */
export function shareInstallation(
  kind: InstallationKind,
  environment: Readonly<Record<string, string>> = {},
): SharedInstallation {
  let trine: Installation;
  let productKey: string;

  beforeAll(async () => {
    trine = await startInstallation(kind, environment);
    productKey = await makeProduct(trine.api);
  }, START_WITHIN_MS);
  afterAll(() => trine?.dispose());

  return {
    get api() {
      return trine.api;
    },
    get ports() {
      return trine.ports;
    },
    get ca() {
      return trine.ca;
    },
    get caFile() {
      return trine.caFile;
    },
    get frontEnvironment() {
      return trine.frontEnvironment;
    },
    get productKey() {
      return productKey;
    },
    app: (part) => trine.app(part),
    logs: () => trine.logs(),
    addDevice: () => addDevice(trine.api, productKey),
    send: ({ deviceName }, topic, payload) =>
      trine.api.call("POST", `/v1/products/${productKey}/devices/${deviceName}/messages`, { topic, payload }),
    async readFrom({ deviceName }, count = 1) {
      const from = (messages: readonly ReadMessage[]) =>
        messages.filter((message) => message.deviceName === deviceName && message.topic.endsWith("/user/update"));
      const enough = (messages: readonly ReadMessage[]) => from(messages).length >= count;
      return from(await readUntil(trine.api, enough, { group: deviceName, productKey }));
    },
  };
}
