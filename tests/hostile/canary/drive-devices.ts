import {
  connectCoap,
  connectHttp,
  connectMqtt,
  type DeviceCertificate,
  signCoapLogin,
  signHttpLogin,
  signPsk,
} from "@trine/device";
import { generate } from "mqtt-packet";
import { topicOf } from "../../src/fleet.ts";
import type { Installation } from "../../src/installation.ts";
import { openUdp } from "../../src/send-bytes.ts";
import { LOGIN_BODIES as COAP_BODIES, option, REFUSED_REQUESTS, requestOf } from "../coap-cases.ts";
import { type HttpCase, LOGIN_BODIES, STRANGE_PATHS } from "../http-cases.ts";
import { connectOf, KNOWN_CLIENT, REFUSED_LOGIN, UNKNOWN_CLIENT } from "../mqtt-cases.ts";
import { sendRaw } from "../raw-tcp.ts";
import type { Canaries } from "./canaries.ts";

const HOST = "127.0.0.1";

/** Has a device log in and be served on every protocol, so that there is something to leak. @returns its tokens. */
export async function serveDevice(
  trine: Installation,
  device: DeviceCertificate,
  canaries: Canaries,
): Promise<readonly string[]> {
  const { ports } = trine;
  const topic = topicOf(device, "user/update");
  canaries.add("DeviceSecret", device.deviceSecret);
  canaries.add("MAC of a CONNECT", connectOf(device).password as Buffer);
  canaries.add("MAC of a login over HTTP", signOf(signHttpLogin(device)));
  canaries.add("MAC of a login over CoAP", signOf(signCoapLogin(device, { seq: "17" })));
  canaries.add("pre-shared key", signPsk(device).key);
  const mqtt = await connectMqtt({ host: HOST, port: ports.mqtt, certificate: device });
  await mqtt.publish({ topic, payload: "x" });
  await mqtt.close();
  const http = await connectHttp({ host: HOST, port: ports.http, certificate: device });
  const coap = await connectCoap({ host: HOST, port: ports.coap, certificate: device, mode: "plain" });
  const sealed = await connectCoap({ host: HOST, port: ports.symmetric, certificate: device, mode: "symmetric" });
  for (const [name, connection] of Object.entries({ http, coap, sealed })) {
    canaries.add(`session token of ${name}`, connection.token);
    await connection.publish({ topic, payload: "x" });
  }
  const tokens = [http.token, coap.token, sealed.token];
  await Promise.all([http.close(), coap.close(), sealed.close()]);
  return tokens;
}

/** Sends everything that is refused, each with true secrets where somebody might put them by mistake. @returns what came back. */
export async function refuseDevice(
  trine: Installation,
  device: DeviceCertificate,
  tokens: readonly string[],
): Promise<Buffer[]> {
  const misplaced = [device.deviceSecret, ...tokens];
  return [
    ...(await overMqtt(trine, device, misplaced)),
    ...(await overHttp(trine, device, misplaced)),
    ...(await overCoap(trine, device, misplaced)),
  ];
}

async function overMqtt({ ports: { mqtt } }: Installation, device: DeviceCertificate, misplaced: readonly string[]) {
  const answers: Buffer[] = [];
  for (const { bytes, later } of [...UNKNOWN_CLIENT, ...REFUSED_LOGIN, ...KNOWN_CLIENT]) {
    const more = later && { afterBytes: 4, bytes: later(device) };
    answers.push((await sendRaw(mqtt, bytes(device), { later: more })).received);
  }
  for (const secret of misplaced) {
    for (const given of [
      { password: Buffer.from(secret) },
      { username: secret },
      { clientId: secret },
      { clientId: `${secret}|securemode=${secret},signmethod=${secret}|` },
    ])
      answers.push((await sendRaw(mqtt, generate(connectOf(device, given)))).received);
  }
  return answers;
}

async function overHttp({ ports: { http } }: Installation, device: DeviceCertificate, misplaced: readonly string[]) {
  const answers: Buffer[] = [];
  const send = async ({ bytes }: Pick<HttpCase, "bytes">) => {
    const text = typeof bytes === "string" ? bytes : bytes(device);
    answers.push((await sendRaw(http, Buffer.from(text, "latin1"))).received);
  };
  for (const each of [...LOGIN_BODIES, ...STRANGE_PATHS]) await send(each);
  const close = "Host: h\r\nConnection: close\r\nContent-Length: 0\r\n";
  for (const secret of misplaced) {
    await send({
      bytes: `POST /topic/${device.productKey}/${device.deviceName}/nothing/at/all HTTP/1.1\r\n${close}Content-Type: application/octet-stream\r\npassword: ${secret}\r\n\r\n`,
    });
    await send({ bytes: `POST /topic/x?token=${secret} HTTP/1.1\r\n${close}password: ${secret}x\r\n\r\n` });
    await send({ bytes: `GET /${secret}?password=${secret} HTTP/1.1\r\n${close}\r\n` });
    await send({ bytes: `GET /mailbox?waitMs=${secret} HTTP/1.1\r\n${close}password: ${secret}\r\n\r\n` });
    await send({
      bytes:
        `POST /auth HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"deviceSecret":"${secret}",,}`.slice(
          0,
          400,
        ) + " ".repeat(50),
    });
    await send({ bytes: `BROKEN ${secret}\r\n${secret}\r\n\r\n` });
  }
  return answers;
}

async function overCoap(
  { ports: { coap, symmetric } }: Installation,
  device: DeviceCertificate,
  misplaced: readonly string[],
) {
  const sign = Buffer.from(signCoapLogin({ ...device, deviceSecret: "x".repeat(32) }));
  const path = ["topic", device.productKey, device.deviceName, "nothing", "at", "all"];
  const datagrams = [
    ...[...REFUSED_REQUESTS, ...COAP_BODIES].map(({ datagram }) => datagram(device)),
    requestOf({ payload: sign }),
    ...misplaced.flatMap((secret) => [
      requestOf({ path, options: [option("2088", secret)] }),
      requestOf({ path, options: [option("Uri-Query", `token=${secret}`), option("Uri-Query", `seq=${secret}`)] }),
      requestOf({ path: [secret], options: [option("Uri-Query", `password=${secret}`)] }),
      requestOf({ payload: Buffer.from(`{"deviceSecret":"${secret}",,}`) }),
      requestOf({ path: ["pull"], options: [option("61", secret)], payload: Buffer.from(secret) }),
    ]),
  ];
  const answers: Buffer[] = [];
  for (const port of [coap, symmetric]) {
    for (const datagram of datagrams) {
      const sender = await openUdp(port);
      answers.push(await sender.send(datagram));
      sender.close();
    }
  }
  return answers;
}

function signOf(login: string): string {
  return (JSON.parse(login) as { sign: string }).sign;
}
