import { REFUSALS, type Refusal, type RefusalCode } from "@trine/core/auth";
import { InvalidCursorError } from "@trine/core/ports";
import { isProblem, PROBLEMS, type Problem, type ProblemCode, problem } from "@trine/core/registry";
import { isServiceProblem, type ServiceProblem } from "@trine/services/rest";
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors, ResponseSerializationError } from "fastify-type-provider-zod";
import { wrongFields } from "./validation-problem.ts";

/** RFC 9457 problem details, with a stable `code`. */
interface ProblemDetails {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  /** The field that is wrong, as a path such as `topics.3.suffix`. */
  readonly field?: string;
  readonly errors?: readonly { field: string; message: string }[];
  /** Goes into the header. */
  readonly retryAfterSeconds?: number;
}

const STATUS = {
  invalid: 400,
  cursor_invalid: 400,
  product_not_found: 404,
  product_has_devices: 409,
  device_not_found: 404,
  name_taken: 409,
  batch_not_found: 404,
  batch_not_done: 409,
  api_key_not_found: 404,
  batch_not_held: 409,
  access_key_not_found: 404,
  x509_not_found: 404,
  x509_taken: 409,
  package_not_found: 404,
  batch_packed: 409,
  receipt_invalid: 400,
  idempotency_conflict: 409,
  keys_rotating: 409,
  nodes_outdated: 409,
} as const satisfies Record<ProblemCode, number>;

/** Refusals that an application can meet; every other one would be a fault of the gateway. */
const REFUSAL_STATUS: Partial<Record<RefusalCode, number>> = {
  malformed: 400,
  forbidden_topic: 400,
  too_large: 413,
  mailbox_full: 429,
  throttled: 429,
  unavailable: 503,
};

/** Carries problem details from a handler to the one place that writes them. */
export class ProblemError extends Error {
  readonly details: ProblemDetails;

  constructor(details: ProblemDetails) {
    super(details.title);
    this.details = details;
  }
}

/** The outcome, unless it is a "no": that is thrown to the error handler. */
export function orProblem<T>(outcome: T | Problem): T {
  if (isProblem(outcome)) throw new ProblemError(fromProblem(outcome));
  return outcome;
}

/** As `orProblem`, of an outcome that may be the "no" of a device service. */
export function orServiceProblem<T>(outcome: T | Problem | ServiceProblem): T {
  if (!isServiceProblem(outcome)) return orProblem(outcome);
  const { status, code, title, detail, field } = outcome;
  throw new ProblemError({
    status,
    code,
    title,
    ...(detail === undefined ? {} : { detail }),
    ...(field === undefined ? {} : { field }),
  });
}

/** A refusal of the core as a problem; `fields` says which field each code is about. */
export function refusalProblem(
  { code }: Refusal,
  fields: Readonly<Partial<Record<RefusalCode, string>>> = {},
): ProblemError {
  const field = fields[code];
  const details = { status: REFUSAL_STATUS[code] ?? 500, code, title: REFUSALS[code].say };
  return new ProblemError(field === undefined ? details : { ...details, field });
}

/** A field whose value is none, for what a schema cannot say. */
export function invalidField(field: string, message: string): ProblemError {
  return new ProblemError(fromProblem(problem("invalid", `${field}: ${message}`, field)));
}

/** Something that is not there, of a kind that only this API knows. */
export function notFound(code: string, title: string): ProblemError {
  return new ProblemError({ status: 404, code, title });
}

/** Writes a problem, with the header that its status asks for. */
export function sendProblem(reply: FastifyReply, problemDetails: ProblemDetails): FastifyReply {
  const { retryAfterSeconds = problemDetails.status === 503 ? 1 : undefined, ...details } = problemDetails;
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  // RFC 9110 11.6.1: a 401 says how to do better.
  if (details.status === 401) reply.header("www-authenticate", 'Bearer realm="trine"');
  return reply
    .code(details.status)
    .header("content-type", "application/problem+json")
    .serializer(JSON.stringify)
    .send({ type: "about:blank", ...details });
}

/** Makes every error and every unknown route a problem; only a fault of the gateway is a 5xx. */
export function installProblems(app: FastifyInstance, onFault: (error: unknown, requestId: string) => void): void {
  app.setErrorHandler((error: FastifyError, { id }, reply) => {
    const details = fromError(error);
    if (details.status >= 500) onFault(error, id);
    return sendProblem(reply, details);
  });
}

/** Answers what fails before there is a route: a path that cannot be read. */
export function answerFrameworkError(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  sendProblem(reply, fromError(error));
}

function fromProblem({ code, detail, field }: Problem): ProblemDetails {
  return { status: STATUS[code], code, title: PROBLEMS[code].title, detail, ...(field === undefined ? {} : { field }) };
}

function fromError(error: FastifyError): ProblemDetails {
  if (error instanceof ProblemError) return error.details;
  if (error instanceof InvalidCursorError)
    return fromProblem(problem("cursor_invalid", "start again without a cursor", "cursor"));
  if (hasZodFastifySchemaValidationErrors(error)) return fromValidation(error);
  // A bug of this API: trying again is no use.
  if (error instanceof ResponseSerializationError)
    return { status: 500, code: "internal", title: "A fault of the gateway" };
  const status = error.statusCode ?? 503;
  if (status === 413) return { status, code: "body_too_large", title: "The body is too large" };
  if (status === 415)
    return {
      status,
      code: "media_type_unsupported",
      title: "The content type is not supported",
      detail: error.message,
    };
  if (status < 500) return { status, code: "invalid", title: PROBLEMS.invalid.title, detail: error.message };
  // Stores throw for outages; what they say may name hosts and stays in the log.
  return { status: 503, code: "unavailable", title: "Temporarily unavailable, try again later" };
}

function fromValidation({ validation = [], validationContext, message }: FastifyError): ProblemDetails {
  const errors = wrongFields(validation, validationContext);
  const [first] = errors;
  return {
    status: 400,
    code: "invalid",
    title: PROBLEMS.invalid.title,
    detail: first ? `${first.field}: ${first.message}` : message,
    ...(first ? { field: first.field, errors } : {}),
  };
}
