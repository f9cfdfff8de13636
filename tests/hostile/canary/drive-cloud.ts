import { randomUUID } from "node:crypto";
import { Secret } from "@trine/core/certificate";
import { signatureOf, stringToSign } from "../../../apps/admin/src/cloud-api/signature.ts";
import type { Installation } from "../../src/installation.ts";
import type { Canaries } from "./canaries.ts";

/** What an application signs with. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** Parameters of actions in which somebody may put a secret by mistake, and which then are refused. */
const MISPLACED: readonly (readonly [
  action: string,
  (secret: string, productKey: string) => Record<string, string>,
])[] = [
  ["QueryProduct", (secret) => ({ ProductKey: secret })],
  ["QueryProduct", (secret) => ({ ProductKey: `${secret}x` })],
  ["QueryDeviceDetail", (secret) => ({ IotId: secret })],
  ["QueryDeviceDetail", (secret, ProductKey) => ({ ProductKey, DeviceName: secret })],
  ["RegisterDevice", (secret, ProductKey) => ({ ProductKey, DeviceName: `${secret}/` })],
  ["SaveDeviceProp", (secret, ProductKey) => ({ ProductKey, DeviceName: "canary_01", Props: secret })],
  ["Pub", (secret, ProductKey) => ({ ProductKey, TopicFullName: secret, MessageContent: "" })],
  [
    "Pub",
    (secret, ProductKey) => ({ ProductKey, TopicFullName: `/${ProductKey}/x/${secret}`, MessageContent: secret }),
  ],
  ["CreateProductTopic", (secret, ProductKey) => ({ ProductKey, TopicShortName: `${secret}/ /`, Operation: secret })],
  ["UpdateProductTopic", (secret) => ({ TopicId: secret })],
  ["QueryPageByApplyId", (secret) => ({ ApplyId: secret, ProductKey: `${secret}${secret}` })],
  ["QueryDevice", (secret, ProductKey) => ({ ProductKey, NextToken: secret, PageSize: "5" })],
];

/** Asks the cloud API for what it refuses, with secrets in every place, signed and not. @returns what came back. */
export async function refuseCloud(
  trine: Installation,
  canaries: Canaries,
  given: { key: AccessKey; productKey: string; misplaced: readonly string[] },
): Promise<string[]> {
  const { key, productKey, misplaced } = given;
  const url = `http://127.0.0.1:${trine.ports.admin}/`;
  const answers: string[] = [];
  const ask = async (form: string) => {
    for (const response of [
      await fetch(`${url}?${form}`, { redirect: "manual" }),
      await fetch(url, { method: "POST", body: form, headers: FORM }),
    ])
      answers.push(JSON.stringify([...response.headers]) + (await response.text()));
  };
  const witness = signed(key, commonOf(key, "QueryProductList"));
  canaries.add("signature of a request", new URLSearchParams(witness).get("Signature") ?? "");
  await ask(witness);
  for (const secret of misplaced) {
    // What is signed comes first: a key that was right from here is heard however many wrong ones follow.
    for (const [action, parameters] of MISPLACED)
      await ask(signed(key, { ...commonOf(key, action), ...parameters(secret, productKey) }));
    for (const name of [
      "Action",
      "Format",
      "Version",
      "AccessKeyId",
      "SignatureMethod",
      "Timestamp",
      "Signature",
      secret,
    ])
      await ask(
        new URLSearchParams({ ...commonOf(key, "QueryProductList"), Signature: "AAAA", [name]: secret }).toString(),
      );
    await ask(`Action=${secret}&Action=${secret}&${secret}=%ff`);
  }
  return answers;
}

function commonOf({ accessKeyId }: AccessKey, action: string): Record<string, string> {
  return {
    Action: action,
    Version: "2018-01-20",
    Format: "JSON",
    AccessKeyId: accessKeyId,
    SignatureMethod: "HMAC-SHA1",
    SignatureVersion: "1.0",
    SignatureNonce: randomUUID(),
    Timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
  };
}

/** Signed for a GET; the same form by POST is refused for its signature. */
function signed({ accessKeySecret }: AccessKey, parameters: Record<string, string>): string {
  const text = stringToSign("GET", new Map(Object.entries(parameters)));
  const signature = signatureOf(new Secret(accessKeySecret), text).toString("base64");
  return new URLSearchParams({ ...parameters, Signature: signature }).toString();
}
