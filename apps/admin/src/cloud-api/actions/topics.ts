import { createHash } from "node:crypto";
import type { ProductKey } from "@trine/core/certificate";
import type { TopicClass, TopicPermission } from "@trine/core/ports";
import { type Action, type Call, productOf } from "../call.ts";
import { actionError } from "../cloud-error.ts";
import { orCloudError } from "../from-problem.ts";
import { requireText } from "../read-parameters.ts";
import { listProducts } from "./products.ts";

/** The vendor's words for permissions, in the order of the numbers by which it shows them. */
const OPERATIONS = ["PUB", "SUB", "ALL"] as const;
const PERMISSIONS: Readonly<Record<(typeof OPERATIONS)[number], TopicPermission>> = {
  PUB: "pub",
  SUB: "sub",
  ALL: "all",
};
/** What stands before the short name of a class in the topic itself. */
const USER = "user/";

const createProductTopic: Action = {
  role: "operator",
  async run(call) {
    const productKey = productOf(call);
    const added = { suffix: suffixOf(call), permission: permissionOf(call) };
    const { topicClasses } = orCloudError(await call.operators.products.find(productKey));
    checkFree(topicClasses, added);
    await setTopics(call, productKey, [...topicClasses, added]);
    return { TopicId: topicId(productKey, added) };
  },
};

const queryProductTopic: Action = {
  role: "viewer",
  async run(call) {
    const productKey = productOf(call);
    const { topicClasses } = orCloudError(await call.operators.products.find(productKey));
    const infos = topicClasses.map((each) => ({
      Id: String(topicId(productKey, each)),
      ProductKey: productKey,
      TopicShortName: `/${productKey}/\${deviceName}/${each.suffix}`,
      Operation: String(OPERATIONS.findIndex((operation) => PERMISSIONS[operation] === each.permission)),
      Desc: "",
    }));
    return { Data: { ProductTopicInfo: infos } };
  },
};

const updateProductTopic: Action = {
  role: "operator",
  async run(call) {
    const { productKey, topicClasses, found } = await findTopic(call);
    const changed = {
      suffix: call.parameters.get("TopicShortName") ? suffixOf(call) : found.suffix,
      permission: call.parameters.get("Operation") ? permissionOf(call) : found.permission,
    };
    const others = topicClasses.filter((each) => each !== found);
    checkFree(others, changed);
    const next = topicClasses.map((each) => (each === found ? changed : each));
    await setTopics(call, productKey, next);
    return {};
  },
};

const deleteProductTopic: Action = {
  role: "operator",
  async run(call) {
    const { productKey, topicClasses, found } = await findTopic(call);
    const next = topicClasses.filter((each) => each !== found);
    await setTopics(call, productKey, next);
    return {};
  },
};

/** Custom topic classes (wire-format 6.1, 9.1). */
export const TOPIC_ACTIONS = {
  CreateProductTopic: createProductTopic,
  QueryProductTopic: queryProductTopic,
  UpdateProductTopic: updateProductTopic,
  DeleteProductTopic: deleteProductTopic,
} as const;

/** A class has no id in Trine, so it is computed from what the class is: 52 bits, a safe integer. */
function topicId(productKey: ProductKey, { suffix }: TopicClass): number {
  const digest = createHash("sha256").update(`${productKey}/${suffix}`).digest();
  return digest.readUIntBE(0, 6) * 16 + ((digest[6] ?? 0) >> 4);
}

/** The class that `TopicId` names, among those of the products that the caller reaches; `ProductKey` makes it one. */
async function findTopic(call: Call) {
  const id = requireText(call.parameters, "TopicId", "iot.messagebroker.NullTopicTemplateId");
  const { operators, grant, parameters } = call;
  const only = parameters.get("ProductKey") ? [productOf(call)] : grant.products;
  for (const { productKey, topicClasses } of await listProducts(operators, only)) {
    const found = topicClasses.find((each) => String(topicId(productKey, each)) === id);
    if (found) return { productKey, topicClasses, found };
  }
  throw actionError("iot.messagebroker.TopicTemplateIsNotFound", "There is no such topic class");
}

async function setTopics(call: Call, productKey: ProductKey, topicClasses: readonly TopicClass[]): Promise<void> {
  orCloudError(await call.operators.products.setTopics(call.actor, productKey, topicClasses));
}

function suffixOf({ parameters }: Call): string {
  return USER + requireText(parameters, "TopicShortName", "iot.messagebroker.NullTopicName").replace(/^user\//, "");
}

function permissionOf({ parameters }: Call): TopicPermission {
  const text = requireText(parameters, "Operation", "iot.messagebroker.NullTopicTemplateOperation");
  const operation = OPERATIONS.find((each) => each === text);
  if (operation) return PERMISSIONS[operation];
  throw actionError("iot.messagebroker.InvalidTopicTemplateOperationValue", `Operation is ${OPERATIONS.join(", ")}`);
}

function checkFree(classes: readonly TopicClass[], { suffix }: TopicClass): void {
  if (!classes.some((each) => each.suffix === suffix)) return;
  throw actionError("iot.messagebroker.TopicAlreadyFound", "The product has such a topic class");
}
