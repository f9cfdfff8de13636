import { drawProductSeed } from "../certificate/derived-secret.ts";
import { drawProductKey, drawProductSecret } from "../certificate/issue.ts";
import type { ProductKey } from "../certificate/names.ts";
import { productSecretContext, productSeedContext } from "../certificate/seal-context.ts";
import { checkTopicClasses } from "../messaging/topics/check-topic-classes.ts";
import { DEFAULT_TOPIC_CLASSES } from "../messaging/topics/default-topic-classes.ts";
import { type DeviceRegistry, InvalidCursorError, type ProductRecord } from "../ports/device-registry.ts";
import type { Actor, ChangedProduct, Product, Products, SecretMode } from "./contracts.ts";
import { type Problem, problem } from "./problem.ts";
import { recordAct } from "./record-act.ts";
import type { RegistryDeps } from "./registry-deps.ts";

const DRAWS = 5;

/** What operators do with products, over the registry. */
export function createProducts(deps: RegistryDeps): Products {
  const { registry, revocation } = deps;

  /** A change of what devices may do holds on every node, for devices that are connected as well, when its caller is answered. */
  async function change(
    actor: Actor,
    productKey: ProductKey,
    act: { action: string; change: Parameters<DeviceRegistry["updateProduct"]>[1] },
  ): Promise<ChangedProduct | Problem> {
    const before = await registry.findProduct(productKey);
    const record = await registry.updateProduct(productKey, act.change);
    if (!before || !record) return productNotFound();
    const [revoked] = await Promise.all([
      revocation.revoke({ productKey }, { close: rulesOf(before) !== rulesOf(record) }),
      recordAct(deps, actor, { action: act.action, target: productKey, detail: { ...act.change } }),
    ]);
    return { product: withoutSecret(record), ...revoked };
  }

  function newSeed(productKey: ProductKey, secretMode: SecretMode): Pick<ProductRecord, "sealedSeed"> {
    if (secretMode === "stored") return {};
    return { sealedSeed: deps.vault.seal(drawProductSeed(deps.random), productSeedContext(productKey)) };
  }

  return {
    async create(actor, { name, nodeType = "device", policy = {}, secretMode = "stored" }) {
      const outdated = secretMode === "derived" ? await deps.outdatedNodes() : [];
      if (outdated.length > 0) return problem("nodes_outdated", `wait for ${outdated.join(", ")}`, "secretMode");
      const productSecret = drawProductSecret(deps.random);
      const rest = { name, nodeType, policy, topicClasses: DEFAULT_TOPIC_CLASSES, createdAtMs: deps.clock.nowMs() };
      for (let draw = 0; draw < DRAWS; draw += 1) {
        const productKey = drawProductKey(deps.random);
        const sealedSecret = deps.vault.seal(productSecret, productSecretContext(productKey));
        const record = { ...rest, ...newSeed(productKey, secretMode), productKey, sealedSecret };
        if (!(await registry.insertProduct(record))) continue;
        const detail = { name, nodeType, secretMode };
        await recordAct(deps, actor, { action: "product.create", target: productKey, detail });
        return { product: withoutSecret(record), productSecret };
      }
      throw new Error(`${DRAWS} drawn productKeys were all taken`);
    },
    async find(productKey) {
      const record = await registry.findProduct(productKey);
      return record ? withoutSecret(record) : productNotFound();
    },
    async list(page) {
      try {
        const { items, ...rest } = await registry.listProducts(page);
        return { ...rest, items: items.map(withoutSecret) };
      } catch (error) {
        return cursorProblem(error);
      }
    },
    update: (actor, productKey, changed) => change(actor, productKey, { action: "product.update", change: changed }),
    async remove(actor, productKey) {
      const outcome = await registry.deleteProduct(productKey);
      if (outcome === "not_found") return productNotFound();
      if (outcome === "has_devices") return problem("product_has_devices", "delete its devices first");
      await Promise.all([
        revocation.revoke({ productKey }, { close: true }),
        recordAct(deps, actor, { action: "product.delete", target: productKey }),
      ]);
      return undefined;
    },
    async setTopics(actor, productKey, topicClasses) {
      const wrong = checkTopicClasses(topicClasses);
      return wrong ?? change(actor, productKey, { action: "product.topics", change: { topicClasses } });
    },
  };
}

/** No such product, as a problem. */
export function productNotFound(): Problem {
  return problem("product_not_found", "check the productKey");
}

/** A cursor that the store did not give out is the caller's mistake; every other fault passes on. */
export function cursorProblem(error: unknown): Problem {
  if (error instanceof InvalidCursorError) return problem("cursor_invalid", "start again without a cursor", "cursor");
  throw error;
}

/** What a connection was let in by and judges messages by. */
function rulesOf({ policy: { registration: _, ...policy }, policyVersion, topicClasses }: ProductRecord): string {
  return JSON.stringify([policy, policyVersion, topicClasses]);
}

function withoutSecret({ sealedSecret: _, sealedSeed, ...product }: ProductRecord): Product {
  return { ...product, secretMode: sealedSeed === undefined ? "stored" : "derived" };
}
