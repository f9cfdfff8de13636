import type { AuthType, ProductPolicy } from "@trine/core/ports";
import { isProblem, type Product } from "@trine/core/registry";
import { type Action, type Call, productOf } from "../call.ts";
import { actionError } from "../cloud-error.ts";
import { orCloudError } from "../from-problem.ts";
import { pageOf, requireText } from "../read-parameters.ts";
import { utcText } from "../show-time.ts";
import type { ReplyFields } from "../write-reply.ts";

/** Products that a list reads at most; `Total` counts no further. */
const MAX_LISTED = 10_000;
const MAX_NAME_CHARS = 64;
const NODE_TYPES = ["device", "gateway"] as const;

/** What of `CreateProduct` Trine keeps: name, node type, and whether devices prove themselves with a certificate. */
const createProduct: Action = {
  role: "operator",
  fleet: true,
  async run({ parameters, operators, actor }) {
    const name = nameOf({ parameters });
    const nodeType = NODE_TYPES[Number(parameters.get("NodeType") || "0")];
    if (!nodeType) throw actionError("iot.prod.InvalidNodeType", "NodeType is 0 for devices or 1 for gateways");
    const policy = policyOf(parameters.get("AuthType") ?? "secret");
    const made = orCloudError(await operators.products.create(actor, { name, nodeType, policy }));
    const { productKey } = made.product;
    const shown = { ...showProduct(made.product), ProductSecret: made.productSecret.reveal() };
    return { ProductKey: productKey, Data: shown };
  },
};

const queryProduct: Action = {
  role: "viewer",
  async run(call) {
    const productKey = productOf(call);
    const { products, devices } = call.operators;
    const product = orCloudError(await products.find(productKey));
    const counts = await devices.count([productKey]);
    return { Data: { ...showProduct(product), DeviceCount: counts.get(productKey) ?? 0 } };
  },
};

const queryProductList: Action = {
  role: "viewer",
  async run({ parameters, operators, grant }) {
    const { page, size } = pageOf(parameters, { size: 10, most: 200 });
    const all = await listProducts(operators, grant.products);
    const items = all.slice((page - 1) * size, page * size);
    const counts = await operators.devices.count(items.map(({ productKey }) => productKey));
    const infos = items.map((item) => ({ ...showProduct(item), DeviceCount: counts.get(item.productKey) ?? 0 }));
    return {
      Data: {
        CurrentPage: page,
        PageSize: size,
        PageCount: Math.ceil(all.length / size),
        Total: all.length,
        List: { ProductInfo: infos },
      },
    };
  },
};

const updateProduct: Action = {
  role: "operator",
  async run(call) {
    const productKey = productOf(call);
    orCloudError(await call.operators.products.update(call.actor, productKey, { name: nameOf(call) }));
    return {};
  },
};

const deleteProduct: Action = {
  role: "operator",
  async run(call) {
    const outcome = await call.operators.products.remove(call.actor, productOf(call));
    if (isProblem(outcome)) orCloudError(outcome);
    return {};
  },
};

/** Products (wire-format 9.1). */
export const PRODUCT_ACTIONS = {
  CreateProduct: createProduct,
  QueryProduct: queryProduct,
  QueryProductList: queryProductList,
  UpdateProduct: updateProduct,
  DeleteProduct: deleteProduct,
} as const;

/** The products that the caller reaches, in the order of their keys. */
export async function listProducts(
  { products }: Call["operators"],
  only: Call["grant"]["products"],
): Promise<readonly Product[]> {
  const listed: Product[] = [];
  let cursor: string | undefined;
  do {
    const more = { ...(cursor === undefined ? {} : { cursor }), ...(only ? { only } : {}) };
    const page = orCloudError(await products.list({ limit: 1_000, ...more }));
    listed.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && listed.length < MAX_LISTED);
  return listed;
}

function nameOf({ parameters }: Pick<Call, "parameters">): string {
  const name = requireText(parameters, "ProductName", "iot.prod.NullProductName");
  if (name.length <= MAX_NAME_CHARS) return name;
  throw actionError("iot.prod.InvalidFormattedProductName", `ProductName has at most ${MAX_NAME_CHARS} characters`);
}

function policyOf(authType: string): ProductPolicy {
  if (authType === "secret") return {};
  if (authType === "x509") return { authType };
  throw actionError("iot.prod.CreateProductFailed", "AuthType is secret or x509");
}

function showProduct({ productKey, name, nodeType, policy, createdAtMs }: Product): ReplyFields {
  const authTypes: Readonly<Record<AuthType, string>> = { secret: "secret", x509: "x509", both: "secret" };
  return {
    ProductKey: productKey,
    ProductName: name,
    NodeType: NODE_TYPES.indexOf(nodeType),
    AuthType: authTypes[policy.authType ?? "both"],
    DataFormat: 1,
    AliyunCommodityCode: "iothub_senior",
    GmtCreate: createdAtMs,
    UtcCreate: utcText(createdAtMs),
  };
}
