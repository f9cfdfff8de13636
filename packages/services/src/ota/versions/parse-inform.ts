import { z } from "zod";
import { parseObject } from "../../kit/alink/parse-object.ts";
import { DEFAULT_MODULE, moduleName } from "../names.ts";

/** What a device says it runs. */
export interface Inform {
  readonly module: string;
  readonly version: string;
}

const inform = z.object({
  params: z.object({
    // Devices have versions of their own making: any text that can be shown.
    version: z.string().regex(/^[^\p{Cc}\p{Cs}]{1,64}$/u),
    // C SDKs send an empty one where there is none.
    module: z.union([moduleName, z.literal("").transform(() => DEFAULT_MODULE)]).default(DEFAULT_MODULE),
  }),
});

/** Reads `/ota/device/inform` (wire-format 8.3); `undefined` when it is none. */
export function parseInform(payload: Buffer): Inform | undefined {
  return inform.safeParse(parseObject(payload)?.members).data?.params;
}
