import { createHash } from "node:crypto";
import type { ProductKey } from "@trine/core/certificate";
import type { Actor } from "@trine/core/registry";
import { z } from "zod";
import type { ServiceHost } from "../contracts.ts";
import { instant, route, type ServiceRoute, serviceProblem } from "../kit/rest/index.ts";
import type { Config, ConfigFacts } from "./contracts.ts";
import type { ConfigPush, ConfigStore, PushStore } from "./store.ts";

/** wire-format 10. */
const MOST_BYTES = 65_536;
const KEPT_VERSIONS = 5;
const DAY_SECONDS = 86_400;

const PATH = "/v1/products/:productKey/config";
const READ = { role: "viewer", scope: "product" } as const;
const WRITE = { role: "operator", scope: "product" } as const;

const facts = {
  configId: z.string().describe("What devices know it by."),
  version: z.number().int(),
  size: z.number().int().describe("Bytes."),
  sha256: z.string(),
  createdAt: instant,
};
const shownVersion = z.object(facts);
const shown = z.object({ ...facts, content: z.string() });
const shownAll = shown.extend({ versions: z.array(shownVersion).describe("Those that are kept, newest first.") });
const shownPush = z.object({
  pushId: z.string(),
  configId: z.string(),
  ratePerSecond: z.number().int(),
  state: z.enum(["running", "finished"]).describe("`finished`: every device was sent it."),
  startedAt: instant,
  finishedAt: instant.optional(),
  sent: z.number().int().describe("Devices that were sent it; it waits for those that are away."),
  failed: z.number().int().describe("Devices whose mailbox is full."),
  accepted: z.number().int().describe("Devices that answered 200."),
  refused: z.number().int().describe("Devices that answered another code."),
});

const NONE = serviceProblem({ status: 404, code: "config_not_found", title: "The product has no such configuration" });
const TOO_LARGE = serviceProblem({
  status: 413,
  code: "too_large",
  title: "A configuration has 65536 bytes at most",
  field: "content",
});

interface Stores {
  readonly configs: ConfigStore;
  readonly pushes: PushStore;
}

/** What operators do with configurations. */
export function configRoutes(host: ServiceHost, { configs, pushes }: Stores): readonly ServiceRoute[] {
  /** Every node learns that the product has another one, before the operator hears of it. */
  async function changed(
    productKey: ProductKey,
    done: { actor: Actor; action: string; detail: object },
  ): Promise<void> {
    const { actor, action, detail } = done;
    await host.revocation.revoke({ productKey }, { close: false });
    await host.audit.record({
      atMs: host.clock.nowMs(),
      actor: actor.name,
      peer: actor.peer,
      action,
      target: productKey,
      detail: { ...detail },
    });
  }

  return [
    route({
      method: "GET",
      path: PATH,
      access: READ,
      summary: "Show the configuration of a product",
      response: { 200: shownAll },
      async handle({ productKey }) {
        const versions = await configs.versions(productKey);
        const config = versions[0] && (await configs.find(productKey, versions[0]));
        return config ? { ...showConfig(config), versions: versions.map(showFacts) } : NONE;
      },
    }),
    route({
      method: "GET",
      path: `${PATH}/versions/:version`,
      access: READ,
      summary: "Show an earlier configuration",
      response: { 200: shown },
      async handle({ productKey, params }) {
        const version = Number(params["version"]);
        const config = Number.isSafeInteger(version) ? await configs.find(productKey, { version }) : undefined;
        return config ? showConfig(config) : NONE;
      },
    }),
    route({
      method: "PUT",
      path: PATH,
      access: WRITE,
      summary: "Set the configuration of a product",
      description: `Devices get it when they ask next; \`POST .../push\` sends it to them. The last ${KEPT_VERSIONS} are kept.`,
      body: z.strictObject({ content: z.string().min(1).max(MOST_BYTES) }),
      response: { 200: shownVersion },
      async handle({ productKey, body: { content }, actor }) {
        const size = Buffer.byteLength(content);
        if (size > MOST_BYTES) return TOO_LARGE;
        const config = {
          configId: host.random.bytes(12).toString("hex"),
          size,
          sha256: createHash("sha256").update(content).digest("hex"),
          content,
          createdAtMs: host.clock.nowMs(),
        };
        const added = await configs.add(productKey, config, KEPT_VERSIONS);
        const { version, sha256 } = added;
        await changed(productKey, { actor, action: "config.set", detail: { version, sha256 } });
        return showFacts(added);
      },
    }),
    route({
      method: "DELETE",
      path: PATH,
      access: WRITE,
      summary: "Delete the configuration of a product, its earlier ones too",
      description: "A push that is under way ends. Links that devices have lead nowhere.",
      response: { 200: z.object({ versions: z.number().int().describe("How many there were.") }) },
      async handle({ productKey, actor }) {
        await pushes.remove(productKey);
        const versions = await configs.removeAll(productKey);
        await changed(productKey, { actor, action: "config.delete", detail: { versions } });
        return { versions };
      },
    }),
    route({
      method: "POST",
      path: `${PATH}/push`,
      access: WRITE,
      summary: "Send the configuration to every device of a product",
      description:
        "One after the other, in the place of a push that is under way. It waits for devices that are away; `GET` of the same path tells how far it is.",
      body: z.strictObject({
        ratePerSecond: z.number().int().min(1).max(1_000).default(50).describe("Devices a second, over all nodes."),
        ttlSeconds: z
          .number()
          .int()
          .min(60)
          .max(7 * DAY_SECONDS)
          .default(DAY_SECONDS)
          .describe("How long it may wait for one device."),
      }),
      response: { 202: shownPush },
      async handle({ productKey, body: { ratePerSecond, ttlSeconds }, actor }) {
        const config = await configs.current(productKey);
        if (!config) return NONE;
        const { configId } = config;
        const startedAtMs = host.clock.nowMs();
        const push = await pushes.begin({
          productKey,
          configId,
          ratePerSecond,
          ttlMs: ttlSeconds * 1_000,
          startedAtMs,
        });
        await changed(productKey, { actor, action: "config.push", detail: { configId, ratePerSecond } });
        return showPush(push, { accepted: 0, refused: 0 });
      },
    }),
    route({
      method: "GET",
      path: `${PATH}/push`,
      access: READ,
      summary: "Show how far the last push is",
      response: { 200: shownPush },
      async handle({ productKey }) {
        const push = await pushes.find(productKey);
        return push ? showPush(push, await pushes.answers(push)) : NONE;
      },
    }),
  ];
}

function showFacts({ configId, version, size, sha256, createdAtMs }: ConfigFacts) {
  return { configId, version, size, sha256, createdAt: new Date(createdAtMs).toISOString() };
}

function showConfig(config: Config) {
  return { ...showFacts(config), content: config.content };
}

function showPush(push: ConfigPush, answers: { accepted: number; refused: number }) {
  const { pushId, configId, ratePerSecond, startedAtMs, finishedAtMs, sent, failed } = push;
  return {
    pushId,
    configId,
    ratePerSecond,
    state: finishedAtMs === undefined ? ("running" as const) : ("finished" as const),
    startedAt: new Date(startedAtMs).toISOString(),
    ...(finishedAtMs === undefined ? {} : { finishedAt: new Date(finishedAtMs).toISOString() }),
    sent,
    failed,
    ...answers,
  };
}
