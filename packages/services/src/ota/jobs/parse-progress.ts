import { z } from "zod";
import { parseObject } from "../../kit/alink/parse-object.ts";
import { moduleName } from "../names.ts";

/** What a device that failed says it failed at (wire-format 8.3). */
export const FAILURES = { "-1": "device", "-2": "download", "-3": "verify", "-4": "burn" } as const;

/** How far a device is. */
export interface Progress {
  /** Absent: the device names none. */
  readonly module?: string;
  readonly detail?: string;
  readonly told:
    | { readonly event: "advanced"; readonly step: number }
    | { readonly event: "gave_up"; readonly reason: (typeof FAILURES)[keyof typeof FAILURES] };
}

const MOST_DETAIL = 256;

const progress = z.object({
  params: z.object({
    step: z.union([z.string().regex(/^(?:-[1-4]|\d{1,3})$/), z.number().int().min(-4).max(100)]),
    desc: z.string().optional().catch(undefined),
    module: moduleName.optional().catch(undefined),
  }),
});

/** Reads `/ota/device/progress` (wire-format 8.3); `undefined` when it is none. A description that cannot be kept is left out. */
export function parseProgress(payload: Buffer): Progress | undefined {
  const parsed = progress.safeParse(parseObject(payload)?.members);
  if (!parsed.success) return undefined;
  const { step: text, desc, module } = parsed.data.params;
  const step = Number(text);
  // C SDKs report 0 while they begin.
  if (step > 100) return undefined;
  const detail = desc === undefined ? undefined : storable(desc.slice(0, MOST_DETAIL));
  const reason = FAILURES[String(step) as keyof typeof FAILURES];
  return {
    ...(module === undefined ? {} : { module }),
    ...(detail ? { detail } : {}),
    told: reason ? { event: "gave_up", reason } : { event: "advanced", step },
  };
}

/** Without what no store could give back: NUL and halves of surrogate pairs. */
function storable(text: string): string {
  return text.replaceAll(/\0|\p{Surrogate}/gu, "");
}
