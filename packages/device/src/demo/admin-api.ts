import { DemoError } from "./demo-error.ts";

/** Calls the gateway's REST API. */
export interface AdminApi {
  /** @returns `undefined` when there is no such thing (404). @throws DemoError when the API refuses or cannot be reached. */
  find<T>(path: string): Promise<T | undefined>;
  /** @throws DemoError when the API refuses or cannot be reached. */
  call<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T>;
}

/** Makes a client of the API at `url`. */
export function createAdminApi(url: string, key: string): AdminApi {
  async function request(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    try {
      return await fetch(url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new DemoError(`there is no gateway at ${url}; start it with npm start`);
    }
  }

  return {
    async find<T>(path: string): Promise<T | undefined> {
      const response = await request("GET", path);
      return response.status === 404 ? undefined : readJson<T>(response);
    },
    async call<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
      return readJson<T>(await request(method, path, body));
    },
  };
}

async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  if (response.status === 401)
    throw new DemoError("the gateway does not take this API key; check TRINE_ADMIN_KEY and TRINE_DATA_DIR");
  throw new DemoError(`the gateway answered ${response.status}: ${text.slice(0, 200)}`);
}
