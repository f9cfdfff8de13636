import { z } from "zod";
import { parseObject } from "../../kit/alink/parse-object.ts";
import { rawMember } from "../../kit/alink/raw-member.ts";
import { moduleName } from "../names.ts";

/** A device asks what there is for it. */
export interface FirmwareRequest {
  readonly module?: string;
  /** JSON text of its id, byte for byte; what has none gets an empty one. */
  readonly id: string;
}

const params = z.object({ module: moduleName.optional().catch(undefined) });

/** Reads `/ota/device/request` (wire-format 8.3), from which only the module counts; `undefined` when it is no JSON object. */
export function parseRequest(payload: Buffer): FirmwareRequest | undefined {
  const request = parseObject(payload);
  if (!request) return undefined;
  const module = moduleOf(request.members["params"]);
  const id = rawMember(request.text, "id") ?? '""';
  return module === undefined ? { id } : { id, module };
}

/** The module that `params` name; one that cannot be is as if there was none. */
export function moduleOf(given: unknown): string | undefined {
  return params.safeParse(given).data?.module;
}
