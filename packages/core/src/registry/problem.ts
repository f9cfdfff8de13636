/** Every way in which an operator's or application's request can be refused. Codes are stable. */
export const PROBLEMS = {
  invalid: { title: "The request is not valid" },
  cursor_invalid: { title: "The cursor is not valid" },
  product_not_found: { title: "There is no such product" },
  product_has_devices: { title: "The product still has devices" },
  device_not_found: { title: "There is no such device" },
  name_taken: { title: "The device name is taken" },
  batch_not_found: { title: "There is no such batch" },
  batch_not_done: { title: "The batch is not done yet" },
  batch_not_held: { title: "The batch does not wait for its release" },
  x509_not_found: { title: "There is no such certificate" },
  x509_taken: { title: "The certificate is there already" },
  api_key_not_found: { title: "There is no such API key" },
  access_key_not_found: { title: "There is no such access key" },
  package_not_found: { title: "There is no such package" },
  batch_packed: { title: "The batch has no device left to hand over" },
  receipt_invalid: { title: "The receipt is not valid" },
  idempotency_conflict: { title: "The idempotency key was used for another request" },
  keys_rotating: { title: "The keys are being rotated" },
  nodes_outdated: { title: "A process of the fleet does not know this yet" },
} as const satisfies Record<string, { title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

const problemBrand: unique symbol = Symbol("problem");

/** A "no" to an operator, as a value. */
export interface Problem {
  readonly [problemBrand]: true;
  readonly code: ProblemCode;
  readonly detail: string;
  /** The field that is wrong, as a JSON path such as `topics.3.suffix`. */
  readonly field?: string;
}

export function problem(code: ProblemCode, detail: string, field?: string): Problem {
  return { [problemBrand]: true, code, detail, ...(field === undefined ? {} : { field }) };
}

export function isProblem(outcome: unknown): outcome is Problem {
  return typeof outcome === "object" && outcome !== null && problemBrand in outcome;
}
