import { isRefusal } from "@trine/core/auth";
import type { MessageStatus } from "@trine/core/ports";
import { decodeBase64, instant } from "@trine/services/rest";
import { z } from "zod";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { invalidField, notFound, orProblem, ProblemError, refusalProblem } from "../problem-reply.ts";
import { MESSAGE_TTL_SECONDS } from "../schema/messages.ts";
import { deviceOfPath, deviceParams, problemBody } from "../schema/names.ts";

const tags = ["messages"];
const state = z.enum(["queued", "sent", "delivered", "expired"]);
const MAX_PAYLOAD_BYTES = 262_144;

const newMessage = z.strictObject({
  topic: z.string().min(1).max(256).describe("A topic of the device, e.g. `/{productKey}/{deviceName}/user/get`."),
  payload: z.string(),
  encoding: z.enum(["text", "base64"]).default("text"),
  qos: z
    .union([z.literal(0), z.literal(1)])
    .default(1)
    .describe("1 waits in the mailbox; 0 is sent if the device is connected, else expired."),
  report: z
    .boolean()
    .default(false)
    .describe(
      "With QoS 1: its end, delivered or expired, is told in the uplink on `/{productKey}/{deviceName}/thing/downlink/reply/message`.",
    ),
  ttlSeconds: z.int().min(1).max(MESSAGE_TTL_SECONDS).default(MESSAGE_TTL_SECONDS),
});

const messageBody = z.object({
  messageId: z.string(),
  topic: z.string(),
  qos: z.int(),
  state,
  createdAt: instant,
  expiresAt: instant,
  changedAt: instant,
});

/** Routes of messages to devices. */
export function messageRoutes(app: AdminApp, { operators: { devices, downlink } }: AdminDeps): void {
  app.post(
    "/v1/products/:productKey/devices/:deviceName/messages",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Send a message to a device",
        params: deviceParams,
        headers: z.object({ "idempotency-key": z.string().min(1).max(128).optional() }),
        body: newMessage,
        response: {
          202: z.object({ messageId: z.string(), state }),
          400: problemBody,
          404: problemBody,
          413: problemBody,
          429: problemBody,
        },
      },
    },
    async ({ params, body, headers }, reply) => {
      const device = deviceOfPath(params);
      if (body.report && body.qos === 0)
        throw invalidField("report", "needs QoS 1: a message of QoS 0 is not acknowledged");
      orProblem(await devices.find(device));
      const payload = decodePayload(body.payload, body.encoding);
      const sent = await downlink.send(device, {
        topic: body.topic,
        payload,
        qos: body.qos,
        ttlMs: body.ttlSeconds * 1_000,
        report: body.report,
        ...compact({ idempotencyKey: headers["idempotency-key"] }),
      });
      if (isRefusal(sent)) throw refusalProblem(sent, { forbidden_topic: "topic", too_large: "payload" });
      return reply.code(202).send(sent);
    },
  );

  app.get(
    "/v1/products/:productKey/devices/:deviceName/messages/:messageId",
    {
      config: { access: { role: "viewer", scope: "product" } },
      schema: {
        tags,
        summary: "Show what became of a message",
        params: deviceParams.extend({ messageId: z.string() }),
        response: { 200: messageBody, 404: problemBody },
      },
    },
    async ({ params }) => {
      const status = await downlink.status(deviceOfPath(params), params.messageId);
      if (!status) throw notFound("message_not_found", "There is no such message");
      return showStatus(status);
    },
  );
}

function decodePayload(text: string, encoding: "text" | "base64"): Buffer {
  const payload = encoding === "base64" ? decodeBase64(text) : Buffer.from(text);
  // A message that is not what its sender meant must not go out.
  if (!payload) throw invalidField("payload", "is not base64");
  if (payload.length <= MAX_PAYLOAD_BYTES) return payload;
  throw new ProblemError({
    status: 413,
    code: "too_large",
    title: "The payload is too large",
    detail: `at most ${MAX_PAYLOAD_BYTES} bytes`,
    field: "payload",
  });
}

function showStatus({ messageId, topic, qos, state: reached, createdAtMs, expiresAtMs, changedAtMs }: MessageStatus) {
  return {
    messageId,
    topic,
    qos,
    state: reached,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    changedAt: new Date(changedAtMs).toISOString(),
  };
}
