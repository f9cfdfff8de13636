import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { unprintable } from "@trine/core/certificate";
import { type KeyService, KeyServiceError } from "@trine/core/ports";
import { z } from "zod";

/** Where a key service is that speaks the Transit API of HashiCorp Vault and OpenBao, and which of its keys wraps. */
export interface TransitLocation {
  readonly url: string;
  readonly keyName: string;
  /** Read at every request: an agent may put a new one there. */
  readonly tokenFile: string;
  /** Certificates (PEM) that sign the service's. Absent: the well-known ones. */
  readonly ca?: string;
  readonly namespace?: string;
  /** How long an answer may take; default 5 s. */
  readonly timeoutMs?: number;
}

const MAX_ANSWER_BYTES = 65_536;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const encrypted = z.object({ data: z.object({ ciphertext: z.string().regex(/^[\w:+/=-]{1,4096}$/) }) });
const decrypted = z.object({ data: z.object({ plaintext: z.base64() }) });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Wraps keys by `POST /v1/transit/encrypt/NAME` and unwraps them by `POST /v1/transit/decrypt/NAME`: the wrapping key never leaves the service.
 *
 * @throws KeyServiceError when the address is none, or would send the token in clear.
 */
export function createTransitKeyService(location: TransitLocation): KeyService {
  const base = parseAddress(location.url);
  const key = encodeURIComponent(location.keyName);

  async function ask(verb: "encrypt" | "decrypt", body: Readonly<Record<string, string>>): Promise<Answer> {
    try {
      return await post(new URL(`${base}/v1/transit/${verb}/${key}`), body, location);
    } catch (error) {
      throw new KeyServiceError(`the key service at ${base} does not answer: ${(error as Error).message}`);
    }
  }

  function refused({ status }: Answer): KeyServiceError {
    const why = status === 403 ? "refuses the token" : `answers ${status}`;
    return new KeyServiceError(`the key service at ${base} ${why} for the key ${location.keyName}`);
  }

  function parse<T>(schema: z.ZodType<T>, { body }: Answer): T {
    const parsed = schema.safeParse(body);
    if (!parsed.success)
      throw new KeyServiceError(`the key service at ${base} answers something else than Transit does`);
    return parsed.data;
  }

  return {
    id: `transit:${location.keyName}`,
    async wrap(bytes) {
      const answer = await ask("encrypt", { plaintext: Buffer.from(bytes).toString("base64") });
      if (answer.status !== 200) throw refused(answer);
      return parse(encrypted, answer).data.ciphertext;
    },
    async unwrap(ciphertext) {
      const answer = await ask("decrypt", { ciphertext });
      // Also when it has no key of this name: none that could have wrapped this.
      if (answer.status === 400) return undefined;
      if (answer.status !== 200) throw refused(answer);
      return unprintable(Buffer.from(parse(decrypted, answer).data.plaintext, "base64"), "UnwrappedKey");
    },
  };
}

function parseAddress(text: string): string {
  if (!URL.canParse(text)) throw new KeyServiceError("TRINE_KEY_SERVICE_URL is no URL");
  const { protocol, hostname, origin, pathname } = new URL(text);
  if (protocol !== "https:" && !(protocol === "http:" && LOOPBACK.test(hostname)))
    throw new KeyServiceError("TRINE_KEY_SERVICE_URL must be https, or http to this machine: the token goes there");
  return `${origin}${pathname.replace(/\/$/, "")}`;
}

/** @throws for everything but an answer in JSON; the message holds nothing of what was sent. */
function post(url: URL, body: Readonly<Record<string, string>>, location: TransitLocation): Promise<Answer> {
  const { tokenFile, ca, namespace, timeoutMs = 5_000 } = location;
  const headers = {
    "content-type": "application/json",
    "x-vault-request": "true",
    "x-vault-token": readFileSync(tokenFile, "utf8").trim(),
    ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
  };
  const options = { method: "POST", headers, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const;
  return new Promise((done, fail) => {
    const request =
      url.protocol === "https:" ? httpsRequest(url, { ...options, ...(ca ? { ca } : {}) }) : httpRequest(url, options);
    const failed = (error: Error) => fail(options.signal.aborted ? new Error(`no answer in ${timeoutMs} ms`) : error);
    request.once("error", failed);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error("the answer is too long"));
        else chunks.push(chunk);
      });
      response.once("error", failed);
      response.once("end", () => done({ status: response.statusCode ?? 0, body: parseJson(Buffer.concat(chunks)) }));
    });
    request.end(JSON.stringify(body));
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
