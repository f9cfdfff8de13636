import { z } from "zod";
import {
  isServiceProblem,
  payloadBody,
  payloadOf,
  route,
  type ServiceProblem,
  type ServiceRoute,
  serviceProblem,
} from "../kit/rest/index.ts";
import type { RrpcCaller, RrpcOutcome } from "./contracts.ts";

const body = payloadBody.extend({
  topic: z
    .string()
    .startsWith("/")
    .max(128)
    .optional()
    .describe("The device is asked on `/ext/rrpc/{messageId}{topic}`. Absent: on the system topic."),
  timeoutMs: z.number().int().min(1_000).max(8_000).default(5_000).describe("How long to wait for the answer."),
});

const answer = z.object({
  messageId: z.string().describe("Decimal text."),
  payload: z.string().describe("What the device answered, in base64."),
});

const PROBLEMS = {
  timed_out: { status: 504, code: "rrpc_timeout", title: "The device did not answer in time" },
  offline: { status: 409, code: "device_offline", title: "The device is not connected" },
  half_connected: {
    status: 409,
    code: "device_half_connected",
    title: "The device could not be reached",
    detail: "Its connection is about to end, or it did not subscribe to the topic.",
  },
  busy: { status: 429, code: "rrpc_busy", title: "Too many calls wait on this node" },
  off: { status: 409, code: "service_off", title: "The product does not have the service rrpc" },
  forbidden_topic: {
    status: 422,
    code: "forbidden_topic",
    title: "The device cannot be asked on this topic",
    field: "topic",
  },
  too_large: { status: 413, code: "too_large", title: "The payload is larger than 256 KB", field: "payload" },
} as const satisfies Record<Exclude<RrpcOutcome["is"], "answered">, Omit<ServiceProblem, symbol>>;

/** `POST .../rrpc`: asks a device and waits. */
export function rrpcRoute(rrpc: RrpcCaller): ServiceRoute {
  return route({
    method: "POST",
    path: "/v1/products/:productKey/devices/:deviceName/rrpc",
    access: { role: "operator", scope: "product" },
    summary: "Ask a device and wait for its answer",
    description:
      "The question is of QoS 0: it reaches the device if it is connected and subscribed now. 409 `device_offline` or `device_half_connected` when it is not, 504 when it does not answer in time.",
    body,
    response: { 200: answer },
    async handle({ device, body: { topic, timeoutMs, ...text }, signal }) {
      const payload = payloadOf(text);
      if (isServiceProblem(payload)) return payload;
      const asked = { payload, timeoutMs, signal, ...(topic === undefined ? {} : { topic }) };
      const outcome = await rrpc.call(device, asked);
      if (outcome.is !== "answered") return serviceProblem(PROBLEMS[outcome.is]);
      return { messageId: outcome.messageId, payload: outcome.payload.toString("base64") };
    },
  });
}
