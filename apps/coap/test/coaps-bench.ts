import { isRefusal } from "@trine/core/auth";
import type { DeviceCertificate } from "@trine/core/registry";
import { signCoapLogin, signPsk } from "@trine/device";
import { type ClientPsk, type ConnectOptions, createDtlsConnector, type DtlsClient } from "@trine/dtls/client";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { createTestCa, type TestCa, type TestCertificate } from "@trine/testkit/x509";
import type { CoapSettings } from "../src/index.ts";
import { startOn, tokenOf } from "./driver.ts";
import { option, type RawClient, speakOver } from "./raw-client.ts";

/** A gateway that speaks DTLS, plain CoAP besides, and its clients. */
export interface CoapsBench {
  readonly gateway: TestPlatform;
  readonly port: number;
  readonly securedPort: number;
  /** Who signed the server's certificate. */
  readonly ca: TestCa;
  /** Opens a DTLS session, with the key of a device or with a certificate or with neither. */
  open(proof: { psk?: ClientPsk; x509?: TestCertificate }, given?: Partial<ConnectOptions>): Promise<SecuredClient>;
  /** Sends a device a message. @returns its id. */
  send(device: DeviceCertificate, text: string): Promise<string>;
  stop(): Promise<void>;
}

/** A client in a DTLS session; `close` says goodbye. */
export interface SecuredClient extends RawClient {
  readonly localPort: number;
  /** Leaves without a word. */
  abandon(): Promise<void>;
}

const PSK_SUITES = "PSK-AES128-CCM8";
const X509_SUITES = "ECDHE-ECDSA-AES128-GCM-SHA256";

/** Starts it once for a file: the process that speaks DTLS takes a moment. */
export async function openCoapsBench(settings: Partial<CoapSettings> = {}): Promise<CoapsBench> {
  const gateway = await createTestPlatform();
  const ca = await createTestCa();
  const own = await ca.issue({ commonName: "localhost" });
  const material = { chain: `${own.pem}\n${ca.pem}`, key: own.keyPem };
  const certificate = { current: () => material, onChange: () => () => undefined };
  const { port, securedPort, adapter } = await startOn(
    gateway.platform,
    { TRINE_COAPS_PORT: 0, ...settings },
    { certificate },
  );
  const byPsk = await createDtlsConnector({ suites: PSK_SUITES });
  const byNothing = await createDtlsConnector({ suites: X509_SUITES });
  return {
    gateway,
    port,
    securedPort,
    ca,
    async open({ psk, x509 }, given = {}) {
      const certified = x509 && { suites: X509_SUITES, certificate: { chain: x509.pem, key: x509.keyPem } };
      const connect = certified ? await createDtlsConnector(certified) : psk ? byPsk : byNothing;
      let session: DtlsClient | undefined;
      const client = await speakOver(async (onDatagram) => {
        session = await connect({ port: securedPort, onDatagram, ...(psk ? { psk } : {}), ...given });
        return session;
      });
      return { ...client, localPort: session?.localPort ?? 0, abandon: async () => session?.abandon() };
    },
    async send({ productKey, deviceName }, text) {
      const message = {
        topic: `/${productKey}/${deviceName}/user/get`,
        payload: Buffer.from(text),
        qos: 1,
        ttlMs: 3_600_000,
      } as const;
      const sent = await gateway.operators.downlink.send({ productKey, deviceName }, message);
      if (isRefusal(sent)) throw new Error(`refused: ${sent.code}`);
      return sent.messageId;
    },
    async stop() {
      await adapter.stop();
      await gateway.stop();
    },
  };
}

/** The certificate as firmware holds it. */
export function firmwareOf({ deviceSecret, productKey, deviceName }: DeviceCertificate) {
  return { productKey, deviceName, deviceSecret: deviceSecret.reveal() };
}

/** The key of a device's handshake. */
export function pskOf(device: DeviceCertificate): ClientPsk {
  return signPsk(firmwareOf(device));
}

/** Logs a device in. @returns the option with its token. */
export async function logIn(client: RawClient, device: DeviceCertificate) {
  const answer = await client.request({ path: "/auth", payload: Buffer.from(signCoapLogin(firmwareOf(device))) });
  if (answer.code !== "2.05") throw new Error(`refused: ${answer.code}`);
  return option(2088, tokenOf(answer));
}
