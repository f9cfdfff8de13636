import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { peerOf } from "../access/peer-of.ts";
import type { CloudApi } from "./cloud-api.ts";
import { CloudError, gatewayError } from "./cloud-error.ts";
import { type Parameters, parseForm } from "./parse-form.ts";
import { errorFields, FORMATS, parseFormat, successFields } from "./write-reply.ts";

/** A message of 256 KB in base64, percent-encoded; or 10 000 names with nicknames. */
const MAX_FORM_BYTES = 4_194_304;

/** Who asks proves himself by the signature of the request, which is checked behind these routes. */
const config = { access: "public" } as const;

/** Where the cloud API is served (wire-format 9.1): at the root, by GET and by POST. A GET that names no action is for `home`. */
export function cloudApiRoutes(
  app: FastifyInstance,
  given: {
    api: CloudApi;
    home: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
    onFault: (error: unknown, requestId: string) => void;
  },
): void {
  const { api, home, onFault } = given;
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, body),
  );

  const answer = async (request: FastifyRequest, reply: FastifyReply, parameters: Parameters | undefined) => {
    const format = parseFormat(parameters?.get("Format"));
    const { type, write } = FORMATS[format ?? "XML"];
    const requestId = request.id.toUpperCase();
    reply.header("content-type", type);
    try {
      if (!parameters) throw gatewayError("InvalidParameter", "the parameters cannot be read, or one is there twice");
      if (!format) throw gatewayError("InvalidParameter", "Format is JSON or XML");
      const fields = await api.answer({ method: request.method, parameters, peer: peerOf(request) });
      return reply.send(write(`${parameters.get("Action")}Response`, successFields(requestId, fields)));
    } catch (error) {
      if (!(error instanceof CloudError)) onFault(error, request.id);
      const refusal =
        error instanceof CloudError ? error : gatewayError("Unavailable", undefined, { retryAfterSeconds: 1 });
      if (refusal.retryAfterSeconds !== undefined) reply.header("retry-after", String(refusal.retryAfterSeconds));
      // The gateway's errors have a root of their own; an action's reply is its reply, also when it is a "no".
      const root = refusal.isGateway ? "Error" : `${parameters?.get("Action")}Response`;
      return reply.code(refusal.status).send(write(root, errorFields(requestId, request.host, refusal)));
    }
  };

  app.get("/", { config, schema: { hide: true }, exposeHeadRoute: false }, async (request, reply) => {
    const parameters = parseForm(queryOf(request));
    return parameters?.has("Action") || parameters?.has("Signature")
      ? answer(request, reply, parameters)
      : home(request, reply);
  });

  app.post("/", { config, schema: { hide: true }, bodyLimit: MAX_FORM_BYTES }, async (request, reply) => {
    const body = typeof request.body === "string" ? request.body : "";
    return answer(request, reply, parseForm(queryOf(request), body));
  });
}

function queryOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? "";
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}
