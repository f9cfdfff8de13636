import { type ServiceProblem, serviceProblem } from "../../kit/rest/service-problem.ts";
import type { KnownModel } from "../known-model.ts";
import { isTooLarge } from "../posts/value-size.ts";

type Items = Readonly<Record<string, unknown>>;

/** Why properties may not be set to such values: by the model, unless the product validates nothing. */
export function checkItems(items: Items, { model, validate }: KnownModel): ServiceProblem | undefined {
  for (const [identifier, value] of Object.entries(items)) {
    const field = `items.${identifier}`;
    if (isTooLarge(value)) return mismatch(field, "the value is too large or too deep");
    if (!model || validate === "off") continue;
    const property = model.properties.get(identifier);
    if (!property) return mismatch(field, "the thing model has no such property");
    if (property.isReadOnly) return mismatch(field, "the property can only be read");
    const fault = property.check(value);
    if (fault) return mismatch(field, fault);
  }
  return undefined;
}

/** Why a service may not be called like this. */
export function checkArgs(
  identifier: string,
  args: Items,
  { model, validate }: KnownModel,
): ServiceProblem | undefined {
  if (isTooLarge(args)) return mismatch("args", "too large or too deep");
  if (!model || validate === "off") return undefined;
  const service = model.services.get(identifier);
  if (!service) return mismatch("identifier", "the thing model has no such service");
  const fault = service.check(args);
  return fault ? mismatch("args", fault) : undefined;
}

/** Why properties may not be asked for. */
export function checkNames(names: readonly string[], { model, validate }: KnownModel): ServiceProblem | undefined {
  if (!model || validate === "off") return undefined;
  const unknown = names.findIndex((name) => !model.properties.has(name));
  return unknown < 0 ? undefined : mismatch(`identifiers.${unknown}`, "the thing model has no such property");
}

function mismatch(field: string, why: string): ServiceProblem {
  return serviceProblem({
    status: 400,
    code: "model_mismatch",
    title: "The thing model does not allow that",
    detail: `${field}: ${why}`,
    field,
  });
}
