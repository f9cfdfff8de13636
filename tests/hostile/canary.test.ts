import { makeTempFolder } from "@trine/testkit/servers";
import { describe, expect, it } from "vitest";
import { addDevice } from "../src/fleet.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";
import { Canaries, type Find } from "./canary/canaries.ts";
import { refuseCloud } from "./canary/drive-cloud.ts";
import { refuseDevice, serveDevice } from "./canary/drive-devices.ts";
import { plantSecrets, refuseOperator } from "./canary/drive-operators.ts";
import { refuseRegistrations, registerDevices } from "./canary/drive-registrations.ts";
import { commandsOf, filesOf, rowsOf, shownBy, type Written } from "./canary/gather.ts";

/** Where the design keeps a secret in clear, and why. */
const KEPT_IN_CLEAR: readonly { readonly where: RegExp; readonly because: string }[] = [
  {
    where: /^master-key$/,
    because: "the key that opens the others has to be somewhere: a file that nobody else may read",
  },
  { where: /^admin-key$/, because: "made at the first start, for the operator to read; mode 0600" },
];

describe.each(INSTALLATIONS)("%s: whatever is refused, at the log level trace,", (kind) => {
  it("no secret is in a log, a metric, an error, an audit or timeline entry, a database, a key or a file", async () => {
    await using folder = await temporaryFolder();
    const environment = { TRINE_LOG_LEVEL: "trace", ...(kind === "embedded" ? { TRINE_DATA_DIR: folder.path } : {}) };
    const trine = await startInstallation(kind, environment);
    try {
      const canaries = new Canaries();
      const { productKey, productSecret, apiKey, accessKey } = await plantSecrets(trine, canaries);
      const firmware = { productKey, productSecret };
      const device = await addDevice(trine.api, productKey, "canary_01");
      const tokens = await serveDevice(trine, device, canaries);
      await registerDevices(trine, firmware, canaries);
      const answers = [
        ...(await refuseDevice(trine, device, tokens)),
        ...(await refuseRegistrations(trine, firmware, [device.deviceSecret, ...tokens])),
      ];
      const secrets = [productSecret, apiKey, accessKey.accessKeySecret, trine.adminKey];
      const misplaced = [device.deviceSecret, ...secrets, ...tokens];
      const cloudAnswers = await refuseCloud(trine, canaries, { key: accessKey, productKey, misplaced });
      expect(cloudAnswers.some((text) => text.includes("iot.device.NotExistedDevice"))).toBe(true);
      expect(cloudAnswers.some((text) => text.includes("SignatureDoesNotMatch"))).toBe(true);
      const refusals = await refuseOperator(trine, misplaced);
      expect(refusals.length).toBeGreaterThan(60);

      const devices = [device.deviceName, "canary_02", "canary_03"];
      const paths = devices.map((name) => `/v1/products/${productKey}/devices/${name}`);
      const written: Written[] = [
        ...answers.map((bytes) => ({ where: `answer ${bytes.toString("latin1").slice(0, 80)}`, bytes })),
        ...cloudAnswers.map((bytes) => ({ where: `cloud ${bytes.slice(0, 120)}`, bytes })),
        ...refusals.map((bytes) => ({ where: `problem ${bytes.slice(0, 120)}`, bytes })),
        ...(await shownBy(trine, paths)),
        ...(await storedBy(trine, folder.path)),
      ];
      const log = written.filter(({ where }) => where.startsWith("log of "));
      expect(log.some(({ bytes }) => bytes.toString().includes('"code":"bad_credentials"'))).toBe(true);
      expect(leaks(canaries, written)).toEqual([]);
    } finally {
      await trine.dispose();
    }
  }, 120_000);
});

it("a secret would be found in every spelling, wherever it begins", () => {
  const secret = "ga7XA6KdlEei+PXQ/pRbAjOZ";
  const canaries = new Canaries();
  canaries.add("secret", secret);
  const hidden = ["", "x", "xy", "xyz"].flatMap((before) => {
    const bytes = Buffer.from(`${before}${secret} and more`);
    return [
      bytes,
      ...(["hex", "base64", "base64url"] as const).map((encoding) => Buffer.from(bytes.toString(encoding))),
    ];
  });
  for (const text of [
    ...hidden,
    Buffer.from(encodeURIComponent(secret)),
    Buffer.from(Buffer.from(secret).toString("hex").toUpperCase()),
  ])
    expect(canaries.find(text, "there").length, text.toString()).toBeGreaterThan(0);
  expect(canaries.find("nothing of it: ga7XA6KdlEei PXQ pRbAjOZ", "there")).toEqual([]);
});

async function storedBy({ postgres, redis }: Installation, folder: string): Promise<Written[]> {
  if (!postgres || !redis) return filesOf(folder);
  return [...(await rowsOf(postgres.url)), ...(await commandsOf(redis.port))];
}

function leaks(canaries: Canaries, written: readonly Written[]): Find[] {
  return written
    .filter(({ where }) => !KEPT_IN_CLEAR.some((kept) => kept.where.test(where)))
    .flatMap(({ where, bytes }) => canaries.find(bytes, where));
}

async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const { path, remove } = await makeTempFolder("canary");
  return { path, [Symbol.asyncDispose]: remove };
}
