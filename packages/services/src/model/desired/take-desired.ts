import type { ServiceMessage } from "../../contracts.ts";
import { type AlinkAnswer, PARAMETER_ERROR } from "../../kit/alink/alink.ts";
import { isObject } from "../posts/posted.ts";
import { MOST_PROPERTIES } from "../tsl/parse-model.ts";
import type { DesiredValues } from "./desired-store.ts";

const MOST_VERSION = 2 ** 31 - 1;

/** Lets devices read and take away what they are to come to: `thing/property/desired/get` and `delete` (wire-format 8.1). */
export function createTakeDesired(desired: Pick<DesiredValues, "list" | "clear">) {
  return {
    async get(params: unknown, { device }: ServiceMessage): Promise<AlinkAnswer> {
      const wanted = parseNames(params);
      if (!wanted) return PARAMETER_ERROR;
      const found = (await desired.list(device)).filter(({ identifier }) => wanted.has(identifier));
      const data = Object.fromEntries(found.map(({ identifier, value, version }) => [identifier, { value, version }]));
      return { code: 200, data };
    },
    async delete(params: unknown, { device }: ServiceMessage): Promise<AlinkAnswer> {
      const which = parseDelete(params);
      if (!which) return PARAMETER_ERROR;
      await desired.clear(device, which);
      return { code: 200 };
    },
  };
}

/** Reads `["Temp"]`. */
function parseNames(params: unknown): ReadonlySet<string> | undefined {
  const isList = Array.isArray(params) && params.length <= MOST_PROPERTIES;
  return isList && params.every((name) => typeof name === "string") ? new Set(params) : undefined;
}

/** Reads `{"Temp":{"version":1}}` or `{"Temp":{}}`. */
function parseDelete(params: unknown): readonly { identifier: string; ifVersion: number | undefined }[] | undefined {
  if (!isObject(params) || Object.keys(params).length > MOST_PROPERTIES) return undefined;
  const which: { identifier: string; ifVersion: number | undefined }[] = [];
  for (const [identifier, of] of Object.entries(params)) {
    if (!isObject(of)) return undefined;
    const { version } = of;
    if (version !== undefined && !isVersion(version)) return undefined;
    which.push({ identifier, ifVersion: version });
  }
  return which;
}

function isVersion(version: unknown): version is number {
  return typeof version === "number" && Number.isInteger(version) && version >= 0 && version <= MOST_VERSION;
}
