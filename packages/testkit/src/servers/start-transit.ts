import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** A key service of a test: two calls of the Transit API, as HashiCorp Vault and OpenBao answer them. */
export interface TransitServer {
  readonly url: string;
  /** What the header of a request must hold. */
  readonly token: string;
  /** What came in: method, path, namespace. Never a body. */
  readonly requests: readonly string[];
  /** What happens to requests: `sealed` answers as a service that is locked, `silent` never answers, `broken` answers something else. */
  state: "open" | "sealed" | "silent" | "broken";
  /** Puts another key in the place of the named one, as an administrator could by mistake. */
  replaceKey(name: string): void;
  stop(): Promise<void>;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Starts a key service on this machine. @param options.tls its certificate and key in PEM; absent: plain. */
export async function startTransit(
  options: { tls?: { cert: string; key: string }; namespace?: string } = {},
): Promise<TransitServer> {
  const { tls, namespace } = options;
  const token = randomBytes(12).toString("hex");
  const keys = new Map<string, Buffer>();
  const requests: string[] = [];
  const control: { state: TransitServer["state"] } = { state: "open" };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { "x-vault-token": presented, "x-vault-namespace": within = "" } = request.headers;
    requests.push(`${request.method} ${request.url} ${within}`.trim());
    const body = await readBody(request);
    const answer = (status: number, content: object) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
    if (control.state === "silent") return;
    if (control.state === "sealed") return answer(503, { errors: ["Vault is sealed"] });
    if (control.state === "broken") return answer(200, { data: { ciphertext: 7, plaintext: "%" } });
    if (presented !== token || within !== (namespace ?? "")) return answer(403, { errors: ["permission denied"] });
    const [, verb, name = ""] = /^\/v1\/transit\/(encrypt|decrypt)\/([\w-]+)$/.exec(request.url ?? "") ?? [];
    if (request.method !== "POST" || !verb) return answer(404, { errors: [] });
    const data = verb === "encrypt" ? encrypt(keyOf(keys, name), body) : decrypt(keys.get(name), body);
    return data ? answer(200, { data }) : answer(400, { errors: ["cipher: message authentication failed"] });
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => void handle(request, response);
  const server = tls ? createHttpsServer(tls, listener) : createHttpServer(listener);
  await new Promise<void>((done) => server.listen(0, "localhost", done));
  const { port } = server.address() as AddressInfo;
  return Object.assign(control, {
    url: `${tls ? "https" : "http"}://localhost:${port}`,
    token,
    requests,
    replaceKey: (name: string) => void keys.set(name, randomBytes(32)),
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  });
}

/** A key that is not there is made, as for a token that may. */
function keyOf(keys: Map<string, Buffer>, name: string): Buffer {
  const key = keys.get(name) ?? randomBytes(32);
  keys.set(name, key);
  return key;
}

function encrypt(key: Buffer, { plaintext }: Readonly<Record<string, string>>) {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const body = Buffer.concat([nonce, cipher.update(plaintext ?? "", "base64"), cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: `vault:v1:${body.toString("base64")}`, key_version: 1 };
}

function decrypt(key: Buffer | undefined, { ciphertext = "" }: Readonly<Record<string, string>>) {
  const body = Buffer.from(ciphertext.replace(/^vault:v1:/, ""), "base64");
  if (!key || body.length < NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, NONCE_BYTES)).setAuthTag(
      body.subarray(-TAG_BYTES),
    );
    const plain = Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return { plaintext: plain.toString("base64") };
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, string>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}") as Readonly<Record<string, string>>;
}
