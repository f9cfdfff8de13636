import { type DeviceRef, parseDeviceRef } from "@trine/core/certificate";
import { z } from "zod";

/** What nodes tell each other: write this to a device of yours, and: this is what it said. */
export type NodeMessage =
  | {
      readonly is: "ask";
      readonly messageId: string;
      readonly device: DeviceRef;
      readonly topic: string;
      readonly payload: Buffer;
      /** The node that waits. */
      readonly from: string;
      readonly withinMs: number;
    }
  | { readonly is: "answer"; readonly messageId: string; readonly payload: Buffer };

const bytes = z.string().transform((text) => Buffer.from(text, "base64"));
const device = z.tuple([z.string(), z.string()]).transform((names, context) => {
  const ref = parseDeviceRef(...names);
  if (ref) return ref;
  context.addIssue({ code: "custom", message: "no names of a device" });
  return z.NEVER;
});
const nodeMessage = z.discriminatedUnion("is", [
  z.object({
    is: z.literal("ask"),
    messageId: z.string(),
    device,
    topic: z.string(),
    payload: bytes,
    from: z.string(),
    withinMs: z.number(),
  }),
  z.object({ is: z.literal("answer"), messageId: z.string(), payload: bytes }),
]);

export function writeNodeMessage(message: NodeMessage): string {
  const payload = message.payload.toString("base64");
  return JSON.stringify(
    message.is === "ask"
      ? { ...message, device: [message.device.productKey, message.device.deviceName], payload }
      : { ...message, payload },
  );
}

/** @throws when it is none. */
export function readNodeMessage(body: string): NodeMessage {
  return nodeMessage.parse(JSON.parse(body));
}
