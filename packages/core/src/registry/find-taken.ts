import type { DeviceName, ProductKey } from "../certificate/names.ts";
import type { DeviceRegistry } from "../ports/device-registry.ts";

const PAGE = 1_000;

/**
 * Which of these names the product has already.
 *
 * Walks through the product's devices and the wanted names side by side, both in the order of names, and passes over devices between
 * which no name is wanted: 100 000 look-ups one by one would take longer than the registration.
 */
export async function findTaken(
  registry: Pick<DeviceRegistry, "listSealedSecrets">,
  productKey: ProductKey,
  names: Iterable<DeviceName>,
): Promise<ReadonlySet<DeviceName>> {
  const wanted = [...new Set(names)].sort();
  const taken = new Set<DeviceName>();
  let at = 0;
  let after: DeviceName | undefined;
  for (let next = wanted[at]; next !== undefined; next = wanted[at]) {
    const page = await registry.listSealedSecrets(productKey, { after: later(after, justBefore(next)), limit: PAGE });
    const there = new Set(page.map(({ deviceName }) => deviceName));
    after = page.at(-1)?.deviceName;
    const isLast = page.length < PAGE || after === undefined;
    for (let name = wanted[at]; name !== undefined && (isLast || name <= (after ?? "")); name = wanted[at]) {
      if (there.has(name)) taken.add(name);
      at += 1;
    }
  }
  return taken;
}

/** A text that is before this name and behind most that are before it; as a bound it need not be a name. */
function justBefore(name: DeviceName): DeviceName {
  return name.slice(0, -1) as DeviceName;
}

function later(a: DeviceName | undefined, b: DeviceName): DeviceName {
  return a !== undefined && a > b ? a : b;
}
