import { connectHttp } from "@trine/device";
import { topicOf } from "../../fleet.ts";
import { maybeMutate, mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { httpLogin } from "../targets/login-bodies.ts";
import { anyText } from "../texts.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { throwOverTcp } from "./throw-bytes.ts";

const METHODS = ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"] as const;
const HTTPS_PORTS = ["TRINE_HTTPS_PORT", "TRINE_ALL_PORT"] as const;

/** HTTP of strangers, and of a device with a token of its own, in clear and in TLS. */
export async function httpAttacks({ ports, devices }: Battlefield): Promise<readonly Attack[]> {
  const device = devices[0];
  const port = ports["TRINE_HTTP_PORT"] ?? 0;
  const connection = await connectHttp({ host: "127.0.0.1", port, certificate: device });
  const own = topicOf(device, "user/update");
  const attack = (name: string, make: (random: RandomSource) => Buffer, secured = false): Attack => ({
    name: `HTTP${secured ? "S" : ""}, ${name}`,
    run: (random) =>
      throwOverTcp(random, {
        port: secured ? (ports[random.pick(HTTPS_PORTS)] ?? 0) : port,
        bytes: make(random),
        secured,
      }),
  });
  const published = (random: RandomSource) =>
    request(random, {
      path: random.pick([
        `/topic${own}`,
        `/topic${own}`,
        "/mailbox",
        `/mailbox/${random.word()}`,
        `/${anyText(random)}`,
      ]),
      type: "application/octet-stream",
      body: random.bytes(random.length(4_000)),
      token: connection.token,
    });
  const logins = (random: RandomSource) =>
    request(random, { path: "/auth", type: "application/json", body: httpLogin.make(random).bytes });
  return [
    attack("logins", logins),
    attack("logins", logins, true),
    {
      ...attack("with a token", (random) => maybeMutate(random, published(random), 3)),
      async close() {
        await connection.publish({ topic: own, payload: "the token is good still" });
        await connection.close();
      },
    },
    attack("requests spoiled", (random) => mutate(random, random.once(2) ? logins(random) : published(random))),
  ];
}

interface Request {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  readonly token?: string;
}

/** Mostly as it should be, so that it is read to its end. */
function request(random: RandomSource, { path, type, body, token }: Request): Buffer {
  const method = random.once(6) ? random.pick(METHODS) : "POST";
  const head = [
    `${method} ${path} HTTP/1.1`,
    "Host: h",
    `Content-Type: ${random.once(8) ? anyText(random, 20) : type}`,
    ...(token === undefined ? [] : [`password: ${random.once(10) ? anyText(random) : token}`]),
    random.once(6) ? "Transfer-Encoding: chunked" : `Content-Length: ${random.once(10) ? random.word() : body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
