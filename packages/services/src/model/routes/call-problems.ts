import { REFUSALS, type Refusal } from "@trine/core/auth";
import { type ServiceProblem, serviceProblem } from "../../kit/rest/service-problem.ts";

const STATUS: Partial<Record<Refusal["code"], ServiceProblem["status"]>> = { mailbox_full: 429, too_large: 413 };

/** Why a device could not be asked. */
export function callRefused({ code }: Refusal): ServiceProblem {
  return serviceProblem({ status: STATUS[code] ?? 400, code, title: REFUSALS[code].say });
}

/** It was deleted between two looks. */
export function deviceGone(): ServiceProblem {
  return serviceProblem({ status: 404, code: "device_not_found", title: "No such device" });
}
