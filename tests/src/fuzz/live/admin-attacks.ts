import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyJson, anyText } from "../texts.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { throwOverTcp } from "./throw-bytes.ts";

/** Requests to the REST API: by somebody without a key, and by an operator whose program is broken. */
export function adminAttacks({ ports, devices, adminKey }: Battlefield): readonly Attack[] {
  const [{ productKey, deviceName }] = devices;
  const own = `/v1/products/${productKey}/devices`;
  const paths: readonly [string, ...string[]] = [
    own,
    `${own}/${deviceName}`,
    `${own}/${deviceName}/messages`,
    `${own}/${deviceName}/timeline`,
    `/v1/products/${productKey}`,
    "/v1/products",
    "/v1/audit",
    "/v1/uplink/groups/hostile/read",
    "/v1/session",
    "/openapi.json",
    "/?Action=QueryProduct&Format=JSON&Version=2018-01-20&AccessKeyId=x&Signature=AAAA",
  ];
  const attack = (name: string, key: string | undefined): Attack => ({
    name: `REST API, ${name}`,
    run(random) {
      const bytes = request(random, { path: pathOf(random, paths), key });
      return throwOverTcp(random, {
        port: ports["TRINE_ADMIN_PORT"] ?? 0,
        bytes: random.once(4) ? mutate(random, bytes) : bytes,
      });
    },
  });
  return [attack("without a key", undefined), attack("with a key", adminKey)];
}

function pathOf(random: RandomSource, paths: readonly [string, ...string[]]): string {
  const path = random.pick(paths);
  if (random.once(3)) return `${path}?${queryText(random)}=${queryText(random)}`;
  return random.once(6) ? `${path}/${anyText(random)}` : path;
}

/** Halves of surrogate pairs have no UTF-8. */
function queryText(random: RandomSource): string {
  return encodeURIComponent(Buffer.from(anyText(random, 12)).toString());
}

function request(random: RandomSource, { path, key }: { path: string; key: string | undefined }): Buffer {
  const body = random.once(3) ? Buffer.from("") : Buffer.from(JSON.stringify(anyJson(random, 5)) ?? "");
  // Nothing is deleted and nothing made by the thousand: what bystanders need must stay, and the database small.
  const method = random.pick(["GET", "GET", "POST", "PATCH", "PUT", "HEAD"]);
  const head = [
    `${method} ${path} HTTP/1.1`,
    "Host: h",
    "Content-Type: application/json",
    ...(key === undefined ? [] : [`Authorization: Bearer ${key}`]),
    `Content-Length: ${random.once(20) ? random.below(70_000) : body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
