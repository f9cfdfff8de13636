import type { Installation } from "../../src/installation.ts";
import type { Canaries } from "./canaries.ts";
import type { AccessKey } from "./drive-cloud.ts";

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** A secret that an operator may show by mistake. */
const CONTENT = { "content-type": "application/json" };
const WITHIN_MS = 10_000;

/** Makes what has secrets, and plants them. @returns the product's key. */
export async function plantSecrets(
  { api, adminKey }: Installation,
  canaries: Canaries,
): Promise<{ productKey: string; productSecret: string; apiKey: string; accessKey: AccessKey }> {
  canaries.add("admin key", adminKey);
  const product = await api.call<{ productKey: string; productSecret: string }>("POST", "/v1/products", {
    name: "canaries",
    policy: { registration: "open" },
  });
  canaries.add("ProductSecret", product.productSecret);
  const made = await api.call<{ key: string; keyId: string }>("POST", "/v1/api-keys", {
    name: "canary",
    role: "viewer",
  });
  canaries.add("API key", made.key.slice(`trine_${made.keyId}_`.length));
  const signing = { name: "canary", role: "operator" };
  const accessKey = await api.call<AccessKey>("POST", "/v1/access-keys", signing);
  canaries.add("AccessKeySecret", accessKey.accessKeySecret);
  const signedIn = await api.raw("POST", "/v1/session", { key: made.key });
  const cookie = /trine_session=([^;]+)/.exec(signedIn.headers.get("set-cookie") ?? "")?.[1];
  if (cookie === undefined) throw new Error(`no session was opened: ${signedIn.status}`);
  canaries.add("session of an operator", cookie);
  const { productKey, productSecret } = product;
  return { productKey, productSecret, apiKey: made.key, accessKey };
}

/** Asks every route of the REST API for what it refuses, with secrets in every place. @returns the bodies of all refusals. */
export async function refuseOperator(trine: Installation, misplaced: readonly string[]): Promise<string[]> {
  const { api } = trine;
  const { paths } = await api.call<Description>("GET", "/openapi.json");
  const refusals: string[] = [];
  const ask = async (method: string, path: string, body: string | undefined, headers: Record<string, string>) => {
    const url = `http://127.0.0.1:${trine.ports.admin}${path}`;
    const sent = method === "get" || method === "head" || body === undefined ? {} : { body };
    const response = await fetch(url, {
      method: method.toUpperCase(),
      headers,
      ...sent,
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    const text = await response.text();
    if (response.status >= 400) refusals.push(JSON.stringify([...response.headers]) + text);
  };
  const right = { authorization: `Bearer ${trine.adminKey}`, ...CONTENT };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, method })),
  );
  for (const { path, method } of routes) {
    if (path.endsWith("/stream") || path.endsWith("/rotate") || path === "/v1/backup") continue;
    const [secret = ""] = misplaced;
    const filled = path.replaceAll(/\{\w+\}/g, encodeURIComponent(secret));
    await ask(
      method,
      `${filled}?limit=${secret}&cursor=${secret}&status=${secret}`,
      JSON.stringify({ [secret]: secret, name: { secret } }),
      right,
    );
    await ask(method, filled, `{"secret":"${secret}",,}`, right);
  }
  for (const secret of misplaced) {
    await ask("get", `/v1/products?key=${secret}`, undefined, {});
    await ask("get", `/${secret}`, undefined, right);
    await ask("post", "/v1/session", JSON.stringify({ key: `${secret}x` }), CONTENT);
    await ask("get", "/v1/products", undefined, {
      authorization: `Basic ${Buffer.from(`admin:${secret}`).toString("base64")}`,
    });
    await ask("get", "/v1/products", undefined, { cookie: `trine_session=${secret}x` });
    await ask("get", "/v1/products", undefined, { authorization: `Bearer ${secret}x` });
  }
  return refusals;
}
