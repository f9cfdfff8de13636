import { type DeviceCertificate, signHttpLogin } from "@trine/device";

/** What is sent over one connection, and what the answers' status lines and codes are, one after the other. */
export interface HttpCase {
  readonly name: string;
  readonly bytes: string | ((device: DeviceCertificate) => string);
  /** `400` or `200 10001`; of several answers one after the other. */
  readonly answers: readonly string[];
}

const LOGIN_TYPE = "Content-Type: application/json\r\n";
const HIDDEN = "GET /mailbox HTTP/1.1\r\nHost: h\r\n\r\n";

/** Requests that another server between the device and this one may read otherwise (RFC 9112 6.3, 11.2): one answer, and the connection ends. */
export const SMUGGLED: readonly HttpCase[] = [
  post(
    "both a length and chunks",
    `Content-Length: ${HIDDEN.length}\r\nTransfer-Encoding: chunked\r\n`,
    `0\r\n\r\n${HIDDEN}`,
  ),
  post("chunks and a length", `Transfer-Encoding: chunked\r\nContent-Length: 3\r\n`, `0\r\n\r\n${HIDDEN}`),
  post("two lengths", `Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN),
  post("the same length twice", "Content-Length: 2\r\nContent-Length: 2\r\n", "{}"),
  post("two lengths in one line", `Content-Length: 0, ${HIDDEN.length}\r\n`, HIDDEN),
  post("a length with a sign", "Content-Length: +2\r\n", "{}"),
  post("a negative length", "Content-Length: -1\r\n", "{}"),
  post("a length in hex", "Content-Length: 0x2\r\n", "{}"),
  post("a length beyond all numbers", `Content-Length: ${"9".repeat(30)}\r\n`, "{}"),
  post("a length with a blank before its colon", "Content-Length : 2\r\n", "{}"),
  post("an encoding that is none", "Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${HIDDEN}`),
  post("chunks that are not last", "Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${HIDDEN}`),
  post("a chunk whose size is none", "Transfer-Encoding: chunked\r\n", `zz\r\n{}\r\n0\r\n\r\n${HIDDEN}`),
  post("a chunk whose size is beyond all numbers", "Transfer-Encoding: chunked\r\n", `${"f".repeat(20)}\r\n{}\r\n`),
  post("a chunk that is longer than its size", "Transfer-Encoding: chunked\r\n", `1\r\n{}\r\n0\r\n\r\n${HIDDEN}`),
  post("a header that goes on in the next line", "X-A: 1\r\n Content-Length: 30\r\n", HIDDEN),
  post("a header without a colon", "Content-Length 2\r\n", "{}"),
  post("a header without a name", ": x\r\nContent-Length: 2\r\n", "{}"),
  post("a name with a blank", "X A: 1\r\nContent-Length: 2\r\n", "{}"),
  post("NUL in a header", "X-A: a\0b\r\nContent-Length: 2\r\n", "{}"),
  post("NUL in a header's name", "X-\0: a\r\nContent-Length: 2\r\n", "{}"),
  post("a bare CR in a header", "X-A: a\rb\r\nContent-Length: 2\r\n", "{}"),
  whole("line ends without CR", `POST /auth HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}`, "400 10001"),
  whole("no version", "POST /auth\r\n\r\n", "200 10001"),
  whole("a version that is not served", "POST /auth HTTP/3.7\r\nHost: h\r\n\r\n", "400 10001"),
  whole("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 10001"),
  whole("a blank in the path", "POST /au th HTTP/1.1\r\nHost: h\r\n\r\n", "400 10001"),
  whole("NUL in the path", "POST /auth\0 HTTP/1.1\r\nHost: h\r\n\r\n", "400 10001"),
  whole("a method that does not exist", "HACK /auth HTTP/1.1\r\nHost: h\r\n\r\n", "400 10001"),
  whole("no host", "POST /auth HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "400"),
  whole(
    "a head beyond all bounds",
    `POST /auth HTTP/1.1\r\nHost: h\r\nX-A: ${"x".repeat(20_000)}\r\n\r\n`,
    "400 10001",
  ),
  whole("a path beyond all bounds", `POST /${"x".repeat(20_000)} HTTP/1.1\r\nHost: h\r\n\r\n`, "400 10001"),
  whole("ten thousand headers", `POST /auth HTTP/1.1\r\nHost: h\r\n${"a:b\r\n".repeat(10_000)}\r\n`, "400 10001"),
];

/** Requests for what there is not: a parameter error, and nothing of another resource (wire-format 4.3). */
export const STRANGE_PATHS: readonly HttpCase[] = [
  ...[
    "/",
    "/AUTH",
    "/auth/",
    "//auth",
    "/./auth",
    "/%61uth%00",
    "/auth%2f",
    "/../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/.env",
    "/topic",
    "http://elsewhere/nothing",
    "/topic/%zz",
    "/topic/%E0%A4",
  ].map((path) => ({
    name: path,
    bytes: text("POST", path, "Content-Type: application/octet-stream\r\n", "{}"),
    answers: ["200 10001"],
  })),
  ...["PUT", "DELETE", "PATCH", "OPTIONS", "GET", "TRACE"].map((method) => ({
    name: `${method} of /auth`,
    bytes: text(method, "/auth", LOGIN_TYPE, "{}"),
    answers: ["200 10001"],
  })),
];

/** Bodies of `/auth` that are no login (wire-format 4.1, 4.3). */
export const LOGIN_BODIES: readonly HttpCase[] = [
  body("nothing", () => ""),
  body("no JSON", () => "{,,}"),
  body("an array of a login", (login) => `[${login}]`),
  body("null", () => "null"),
  body("JSON nested 4000 deep", () => "[".repeat(4_000)),
  body("a login behind a byte order mark", (login) => `\ufeff${login}`),
  body("a login twice", (login) => login + login),
  body("a prototype in the place of the fields", (login) => `{"__proto__":${login}}`),
  body("a constructor in the place of the fields", (login) => `{"constructor":{"prototype":${login}}}`),
  body("an object in the place of a text", (login) => login.replace(/"sign":"\w+"/, '"sign":{"length":64}')),
  body("true in the place of a text", (login) => login.replace(/"clientId":"[^"]+"/, '"clientId":true')),
  body("a name with half of a surrogate pair", (login) => login.replace('"device_01"', '"device_0\\ud800"')),
  body("a clientId of 65 characters", (login) => login.replace(/"clientId":"[^"]+"/, `"clientId":"${"x".repeat(65)}"`)),
  {
    ...body("a second sign that is wrong", (login) => login.replace(/}$/, `,"sign":"${"00".repeat(32)}"}`)),
    answers: ["200 20000"],
  },
  {
    ...body("a number that no double holds in the place of its timestamp", (login) =>
      login.replace(/}$/, ',"timestamp":12345678901234567890123}'),
    ),
    answers: ["200 20000"],
  },
];

/** Reads the status and the code of every answer in what came. */
export function answersIn(received: Buffer): string[] {
  const raw = received.toString("latin1");
  return [...raw.matchAll(/HTTP\/1\.1 (\d{3}) [^\r]*\r\n[\s\S]*?\r\n\r\n(?:\{"code":(\d+))?/g)].map(
    ([, status, code]) => (code === undefined ? String(status) : `${status} ${code}`),
  );
}

function post(name: string, headers: string, rest: string): HttpCase {
  return whole(name, `POST /auth HTTP/1.1\r\nHost: h\r\n${LOGIN_TYPE}${headers}\r\n${rest}`, "400 10001");
}

function whole(name: string, bytes: string, answer: string): HttpCase {
  return { name, bytes, answers: [answer] };
}

function text(method: string, path: string, headers: string, content: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: h\r\n${headers}Connection: close\r\nContent-Length: ${content.length}\r\n\r\n${content}`;
}

function body(name: string, write: (login: string) => string): HttpCase {
  const bytes = (device: DeviceCertificate) =>
    text("POST", "/auth", LOGIN_TYPE, Buffer.from(write(signHttpLogin(device))).toString("latin1"));
  return { name, bytes, answers: ["200 10001"] };
}
