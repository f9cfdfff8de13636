import { type DeviceName, parseDeviceName } from "../certificate/names.ts";
import type { DeviceRegistry } from "../ports/device-registry.ts";
import type { RegistrationNames } from "../ports/registration-names.ts";
import type { RegistrationListRequest, RegistrationLists } from "./contracts.ts";
import { badName } from "./devices.ts";
import { type Problem, problem } from "./problem.ts";
import { cursorProblem, productNotFound } from "./products.ts";
import { recordAct } from "./record-act.ts";
import type { RegistryDeps } from "./registry-deps.ts";

/** As many as a batch registers. */
const MAX_NAMES = 100_000;
const MAX_PREFIXES = 1_000;

/** The beginning of a name, or all of it (wire-format 1). */
const PREFIX = /^[A-Za-z0-9_@.:-]{1,32}$/;

type Deps = Pick<RegistryDeps, "audit" | "clock"> & {
  readonly registry: Pick<DeviceRegistry, "findProduct">;
  readonly registrationNames: RegistrationNames;
};

/** What operators say about the names that unknown devices may register themselves under. */
export function createRegistrationLists(deps: Deps): RegistrationLists {
  const { registry, registrationNames } = deps;
  return {
    async replace(actor, productKey, request) {
      const checked = check(request);
      if ("code" in checked) return checked;
      if (!(await registrationNames.replace(productKey, checked))) return productNotFound();
      const counts = { names: checked.names.length, prefixes: checked.prefixes.length };
      await recordAct(deps, actor, { action: "registration.names", target: productKey, detail: counts });
      return counts;
    },
    async remove(actor, productKey) {
      if (!(await registry.findProduct(productKey))) return productNotFound();
      if (await registrationNames.remove(productKey))
        await recordAct(deps, actor, { action: "registration.names_removed", target: productKey });
      return undefined;
    },
    async list(productKey, page) {
      if (!(await registry.findProduct(productKey))) return productNotFound();
      return registrationNames.list(productKey, page).catch(cursorProblem);
    },
  };
}

function check({
  names,
  prefixes,
}: RegistrationListRequest): { names: readonly DeviceName[]; prefixes: readonly string[] } | Problem {
  if (names.length > MAX_NAMES) return problem("invalid", `${MAX_NAMES} names at most`, "names");
  if (prefixes.length > MAX_PREFIXES) return problem("invalid", `${MAX_PREFIXES} prefixes at most`, "prefixes");
  // An empty list would let everybody in, or nobody: neither is what it looks like.
  if (names.length + prefixes.length === 0)
    return problem("invalid", "one name or prefix at least; delete the list to let every name in", "names");
  const parsed: DeviceName[] = [];
  for (const [at, name] of names.entries()) {
    const deviceName = parseDeviceName(name);
    if (!deviceName) return badName(`names.${at}`);
    parsed.push(deviceName);
  }
  const wrong = prefixes.findIndex((prefix) => !PREFIX.test(prefix));
  if (wrong >= 0)
    return problem("invalid", `prefixes.${wrong}: 1 to 32 of letters, digits, -_@.:`, `prefixes.${wrong}`);
  return { names: [...new Set(parsed)], prefixes: [...new Set(prefixes)] };
}
