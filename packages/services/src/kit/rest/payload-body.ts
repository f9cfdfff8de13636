import { z } from "zod";
import { decodeBase64 } from "./decode-base64.ts";
import { type ServiceProblem, serviceProblem } from "./service-problem.ts";

/** The largest payload in base64 (wire-format 10). */
const MOST_CHARACTERS = 349_528;

/** A payload for a device, in the body of a request. */
export const payloadBody = z.strictObject({
  payload: z.string().max(MOST_CHARACTERS),
  encoding: z.enum(["text", "base64"]).default("text").describe("How `payload` is written."),
});

/** The bytes that a body means, or why it means none. */
export function payloadOf({ payload, encoding }: z.output<typeof payloadBody>): Buffer | ServiceProblem {
  if (encoding === "text") return Buffer.from(payload);
  return (
    decodeBase64(payload) ??
    serviceProblem({ status: 400, code: "invalid_request", title: "The payload is not base64", field: "payload" })
  );
}
