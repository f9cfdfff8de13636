import type { Session } from "@trine/core/auth";
import type { ServiceCore } from "@trine/core/platform";
import type { DeviceServices, ProductProfile } from "@trine/core/ports";
import { isProblem } from "@trine/core/registry";
import type { SqlDatabase } from "@trine/postgres";
import type {
  DeviceService,
  OpenDeviceService,
  ServiceAnswer,
  ServiceHost,
  ServiceMessage,
  ServiceWork,
  TopicHandler,
} from "./contracts.ts";
import { createLinks, type Links } from "./kit/links/links.ts";
import type { ServicePort } from "./kit/ports/service-port.ts";
import type { ServiceRoute } from "./kit/rest/service-route.ts";
import { createTopicTable } from "./topic-table.ts";

/** How long a node may take to answer a service of another. */
const TELL_WITHIN_MS = 2_000;

/** Every service of this process, opened. */
export interface OpenServices extends DeviceServices {
  /** What operators may switch. */
  readonly switches: readonly Pick<DeviceService, "name" | "summary" | "isOnByDefault">[];
  readonly routes: readonly { readonly service: string; readonly route: ServiceRoute }[];
  readonly works: readonly ServiceWork[];
  /** What a service offers to programs of the gateway; nothing when it is not there. */
  find<T>(port: ServicePort<T>): T | undefined;
  close(): Promise<void>;
}

/** What services get beside the core. */
export interface ServicePlace {
  readonly database: SqlDatabase;
  readonly dataFolder: string | undefined;
  /** Where devices reach the HTTP adapter, without a slash at the end. */
  readonly publicUrl: string;
  /** Settings of all of them, checked. */
  readonly settings: Readonly<Record<string, unknown>>;
}

interface Running {
  readonly definition: DeviceService;
  readonly open: OpenDeviceService;
}

/** Opens services over the core. A service whose product is switched off refuses messages, each in the words of its topic. */
export function openServices(
  definitions: readonly DeviceService[],
  core: ServiceCore,
  place: ServicePlace,
): OpenServices {
  const links = createLinks(core, place.publicUrl);
  const offers = new Map<string, unknown>();
  const find = <T>(port: ServicePort<T>) => offers.get(port.name) as T | undefined;
  const running: readonly Running[] = definitions.map((definition) => ({
    definition,
    open: definition.open(hostOf(definition, core, { ...place, links, find }), place.settings as never),
  }));
  for (const { open } of running)
    for (const { port, implementation } of open.offers ?? []) offers.set(port.name, implementation);
  const table = createTopicTable(
    running.flatMap(({ definition, open }) =>
      Object.entries(open.topics ?? {}).map(
        ([pattern, handler]) => [pattern, { definition, handler, isOwn: pattern.includes("{pk}/{dn}") }] as const,
      ),
    ),
  );
  const byName = new Map(running.map(({ definition, open }) => [definition.name, open]));

  async function answer(
    definition: DeviceService,
    handler: TopicHandler,
    message: ServiceMessage,
  ): Promise<ServiceAnswer | undefined> {
    const product = await productOf(core, message.session);
    return isOn(definition, product) ? handler.serve(message) : handler.refuse(message);
  }

  return {
    // A pattern that does not name the device may cover a topic of another one.
    serves: (device, topic) => table.find(device, topic)?.handler.isOwn === true,
    async serve(session, { messageId, topic, payload, qos, receivedAtMs }, carrier) {
      const { device } = session;
      const found = table.find(device, topic);
      if (!found) return undefined;
      const { definition, handler } = found.handler;
      const began = core.clock.monotonicMs();
      const sent = { messageId, topic, open: found.open, payload, qos, receivedAtMs };
      const message = { session, device, ...sent, ...(carrier && { carrier }) };
      const answered = await answer(definition, handler, message);
      if (!answered) return undefined;
      const { code, ...served } = answered;
      core.recorder.serviceAnswered({ service: definition.name, code, ms: core.clock.monotonicMs() - began });
      return served;
    },
    opened(session) {
      for (const { definition, open } of running)
        open.opened?.(session).catch((error: unknown) => core.recorder.fault(`service_${definition.name}`, error));
    },
    async changing(device, action) {
      const follows = await Promise.all(running.map(({ open }) => open.changing?.(device, action)));
      return async () => {
        await Promise.all(follows.map((follow) => follow?.()));
      };
    },
    async told(service, body) {
      return byName.get(service)?.told?.(body);
    },
    async download(path) {
      const target = links.read(path);
      if (!target) return "forbidden";
      return (await byName.get(target.service)?.downloads?.(target.subject)) ?? "missing";
    },
    evict(target) {
      for (const { open } of running) open.evict?.(target);
    },
    clear() {
      for (const { open } of running) open.clear?.();
    },
    switches: definitions,
    routes: running.flatMap(({ definition, open }) =>
      (open.routes ?? []).map((route) => ({ service: definition.name, route })),
    ),
    works: running.flatMap(({ open }) => open.works ?? []),
    find,
    async close() {
      await Promise.all(running.map(({ open }) => open.close?.()));
    },
  };
}

function hostOf(
  definition: DeviceService,
  core: ServiceCore,
  place: ServicePlace & { readonly links: Links; readonly find: ServiceHost["find"] },
): ServiceHost {
  return {
    ...core,
    database: place.database,
    dataFolder: place.dataFolder,
    async isOn(device) {
      const found = await core.lookup.findCredentials(device);
      return found !== undefined && isOn(definition, found.product);
    },
    async isOnFor(productKey) {
      const product = await core.products.find(productKey);
      return !isProblem(product) && isOn(definition, product);
    },
    async tell(nodeId, body) {
      const reply = await core.bus.send(nodeId, { kind: "service", service: definition.name, body }, TELL_WITHIN_MS);
      if (!reply) throw new Error(`the service ${definition.name} of ${nodeId} did not answer`);
      return reply.body;
    },
    notify: (nodeId, body) => core.bus.notify(nodeId, { kind: "service", service: definition.name, body }),
    find: place.find,
    signedUrl: (subject, ttlMs) => place.links.make({ service: definition.name, subject }, ttlMs),
  };
}

/** The product as it is now: a connection may be older than a switch. */
async function productOf({ lookup }: ServiceCore, { device, product }: Session): Promise<ProductProfile> {
  return (await lookup.findCredentials(device))?.product ?? product;
}

function isOn({ name, isOnByDefault }: DeviceService, { services }: Pick<ProductProfile, "services">): boolean {
  return services?.[name] ?? isOnByDefault;
}
