/** The REST API, as an application calls it. */
export interface OperatorApi {
  /** @throws ApiProblem when the answer is not a success. */
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<T>;
  /** The whole response, whatever it is. */
  raw(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** A refusal of the REST API. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, body: { code?: string; detail?: string; title?: string }) {
    super(`${status} ${body.code}: ${body.detail ?? body.title}`);
    this.status = status;
    this.code = body.code ?? "";
  }
}

/** Opens the REST API at a port of this machine. With `withinMs` a call that takes longer is given up, and throws. */
export function openApi(port: number, key: string, { withinMs }: { withinMs?: number } = {}): OperatorApi {
  const raw: OperatorApi["raw"] = (method, path, body, headers = {}) => {
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    return fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined || typeof body === "string" ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
      ...(withinMs === undefined ? {} : { signal: AbortSignal.timeout(withinMs) }),
    });
  };
  return {
    raw,
    async call<T>(
      method: string,
      path: string,
      body?: unknown,
      headers?: Readonly<Record<string, string>>,
    ): Promise<T> {
      const response = await raw(method, path, body, headers);
      const text = await response.text();
      if (!response.ok) throw new ApiProblem(response.status, parseOr(text));
      return (text === "" ? undefined : JSON.parse(text)) as T;
    },
  };
}

function parseOr(text: string): { code?: string; detail?: string } {
  try {
    return JSON.parse(text) as { code?: string };
  } catch {
    return { detail: text };
  }
}
