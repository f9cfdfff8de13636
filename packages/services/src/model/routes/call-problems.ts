import { REFUSALS, type Refusal } from "@trine/core/auth";
import { type ServiceProblem, serviceProblem } from "../../kit/rest/service-problem.ts";
import type { NotAsked } from "../calls/sync-calls.ts";

const STATUS: Partial<Record<Refusal["code"], ServiceProblem["status"]>> = { mailbox_full: 429, too_large: 413 };

/** Why a device could not be asked. */
export function callRefused({ code }: Refusal): ServiceProblem {
  return serviceProblem({ status: STATUS[code] ?? 400, code, title: REFUSALS[code].say });
}

const NOT_ASKED = {
  offline: { status: 409, code: "device_offline", title: "The device has no connection" },
  half_connected: { status: 409, code: "device_half_connected", title: "The device does not listen to this service" },
  busy: { status: 429, code: "too_many_calls", title: "Too many calls wait already" },
  off: { status: 409, code: "service_off", title: "Synchronous calls are switched off for this product" },
  forbidden_topic: { status: 400, code: "forbidden_topic", title: "Not a topic that the device may subscribe to" },
  too_large: { status: 413, code: "too_large", title: "The request is too large" },
} as const satisfies Record<NotAsked["why"], Omit<Parameters<typeof serviceProblem>[0], "field">>;

/** Why a device could not be asked at once. */
export function notAsked({ why }: NotAsked): ServiceProblem {
  return serviceProblem(NOT_ASKED[why]);
}

/** It was deleted between two looks. */
export function deviceGone(): ServiceProblem {
  return serviceProblem({ status: 404, code: "device_not_found", title: "No such device" });
}
