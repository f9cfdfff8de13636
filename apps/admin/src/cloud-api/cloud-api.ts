import type { SignInDelays } from "@trine/core/access";
import { roleCovers } from "@trine/core/access";
import { parseProductKey } from "@trine/core/certificate";
import type { Operators } from "@trine/core/platform";
import type { Clock } from "@trine/core/ports";
import { actorName } from "../access/caller.ts";
import type { RefusalAudit } from "../access/refusal-audit.ts";
import { ACTIONS } from "./actions.ts";
import { authenticate, type CloudRequest } from "./authenticate.ts";
import type { Action, Call } from "./call.ts";
import { CloudError, gatewayError } from "./cloud-error.ts";
import type { ReplyFields } from "./write-reply.ts";

/** What the cloud API stands on. */
export interface CloudApiDeps {
  readonly operators: Operators;
  readonly delays: SignInDelays;
  /** Counts a wrong signature, or an unknown key, against where it came from. */
  readonly noteWrong: (peer: string) => Promise<void>;
  readonly refusals: RefusalAudit;
  readonly clock: Clock;
}

/** Answers requests of the vendor's cloud API (wire-format 9.1). */
export interface CloudApi {
  /** @returns the fields of the action's reply. @throws CloudError, or whatever a store throws that cannot answer. */
  answer(request: CloudRequest): Promise<ReplyFields>;
}

/** Makes the cloud API: authenticate, find the action, check the role, and have it answer. */
export function createCloudApi({ operators, ...deps }: CloudApiDeps): CloudApi {
  const { accessKeys } = operators;
  return {
    async answer(request) {
      const holder = await authenticate(request, { ...deps, accessKeys });
      const name = request.parameters.get("Action") ?? "";
      const action = ACTIONS.get(name);
      if (!action) throw gatewayError("UnknownAction");
      const actor = { name: actorName({ keyId: holder.accessKeyId, name: holder.name }), peer: request.peer };
      const { role, products } = holder;
      const grant = products ? { role, products } : { role };
      const call: Call = { parameters: request.parameters, grant, actor, operators };
      try {
        checkRole(action, call);
        return await action.run(call);
      } catch (error) {
        if (error instanceof CloudError && error.status === 403)
          await deps.refusals.noteOf({
            ...{ role: action.role, keyId: holder.accessKeyId, actor },
            ...{ route: name, target: targetOf(request), code: "forbidden" },
          });
        throw error;
      }
    },
  };
}

function checkRole({ role, fleet }: Action, { grant }: Call): void {
  if (!roleCovers(grant.role, role))
    throw gatewayError("Forbidden", `it needs the role ${role}; this access key is ${grant.role}`);
  if (fleet && grant.products) throw gatewayError("Forbidden", "this is for access keys without a limit to products");
}

/** As other entries of the audit log name their target: only what can be one, since a secret may stand in its place by mistake. */
function targetOf({ parameters }: CloudRequest): string {
  const applyId = /^\d{1,15}$/.exec(parameters.get("ApplyId") ?? "")?.[0];
  return applyId ?? parseProductKey(parameters.get("ProductKey") ?? "") ?? "";
}
