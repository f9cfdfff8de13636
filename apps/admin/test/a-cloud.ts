import { randomUUID } from "node:crypto";
import type { Grant } from "@trine/core/access";
import { Secret } from "@trine/core/certificate";
import { isProblem } from "@trine/core/registry";
import { signatureOf, stringToSign } from "../src/cloud-api/signature.ts";
import { openAdmin, type TestAdmin } from "./an-admin.ts";

/** What an application holds. */
export interface AccessKeyPair {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** A reply, read as JSON. */
export interface CloudReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach deep into replies.
  readonly body: any;
}

export type Given = Readonly<Record<string, string | number | undefined>>;

/** The cloud API over stores in memory, and an application that signs as the vendor's SDKs do. */
export interface TestCloud extends AsyncDisposable {
  readonly admin: TestAdmin;
  readonly key: AccessKeyPair;
  /** Makes an access key. */
  makeKey(grant: Grant): Promise<AccessKeyPair>;
  /** Asks for an action. A parameter that is given replaces a common one; `undefined` takes it away. */
  call(action: string, given?: Given, options?: { key?: AccessKeyPair; method?: "GET" | "POST" }): Promise<CloudReply>;
}

/** Starts it, with an access key of an admin. */
export async function openCloud(): Promise<TestCloud> {
  const admin = await openAdmin();
  const { operators, actor } = admin.gateway;
  const makeKey: TestCloud["makeKey"] = async (grant) => {
    const made = await operators.accessKeys.create(actor, { name: "app", ...grant });
    if (isProblem(made)) throw new Error(made.detail);
    return { accessKeyId: made.key.accessKeyId, accessKeySecret: made.secret.reveal() };
  };
  const key = await makeKey({ role: "admin" });
  return {
    admin,
    key,
    makeKey,
    async call(action, given = {}, { key: by = key, method = "POST" } = {}) {
      const form = signedForm({ method, action, given, by });
      const response = await admin.app.inject(
        method === "GET"
          ? { method, url: `/?${form}` }
          : { method, url: "/", payload: form, headers: { "content-type": "application/x-www-form-urlencoded" } },
      );
      const text = response.body;
      const body: unknown = text.startsWith("{") ? JSON.parse(text) : undefined;
      return { status: response.statusCode, headers: response.headers, text, body };
    },
    [Symbol.asyncDispose]: () => admin[Symbol.asyncDispose](),
  };
}

/** A request as it travels: signed, unless the signature is given. */
export function signedForm(request: { method: string; action: string; given?: Given; by: AccessKeyPair }): string {
  const { method, action, given = {}, by } = request;
  const common = {
    Action: action,
    Version: "2018-01-20",
    Format: "JSON",
    AccessKeyId: by.accessKeyId,
    SignatureMethod: "HMAC-SHA1",
    SignatureVersion: "1.0",
    SignatureNonce: randomUUID(),
    Timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    RegionId: "cn-shanghai",
  };
  const all = Object.entries({ ...common, ...given }).filter(([, value]) => value !== undefined);
  const parameters = new Map(all.map(([name, value]) => [name, String(value)]));
  const signature = signatureOf(new Secret(by.accessKeySecret), stringToSign(method, parameters)).toString("base64");
  if (!("Signature" in given)) parameters.set("Signature", signature);
  return new URLSearchParams([...parameters]).toString();
}
