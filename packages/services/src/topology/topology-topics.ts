import { isRefusal } from "@trine/core/auth";
import type { ServiceHost, ServiceMessage, TopicHandler } from "../contracts.ts";
import { type AlinkAnswer, alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { failed, PROOF_CODES, type TopologyCode } from "./codes.ts";
import { hidingSigns } from "./hide-signs.ts";
import { parseDevices, parseList } from "./parse-devices.ts";
import { parseSubLogin, type SubLogin } from "./parse-sub-login.ts";
import type { BindProblem, TopologyStore } from "./store.ts";
import { isSame, type Topology } from "./topology.ts";

/** Devices of one message. */
const MOST_CHANGES = 50;

const BIND_CODES = { full: 6400, taken: 6619, gone: 6100 } as const satisfies Record<BindProblem, TopologyCode>;

interface Deps {
  readonly host: Pick<ServiceHost, "authenticator" | "lookup">;
  readonly store: Pick<TopologyStore, "behind">;
  readonly topology: Topology;
  /** Devices behind one gateway. */
  readonly most: number;
}

/** The topics on which gateways say who is behind them (wire-format 7.2). */
export function topologyTopics({ host, store, topology, most }: Deps): Readonly<Record<string, TopicHandler>> {
  /** Whether the device signed that it is there. It counts as a login of it that opens nothing: its first one activates it. */
  async function whyNotProven(
    { session: { transport, peer } }: ServiceMessage,
    { device, proof }: SubLogin,
  ): Promise<TopologyCode | undefined> {
    if (!(await host.lookup.findCredentials(device))) return 6100;
    if (!proof) return PROOF_CODES.bad_credentials;
    const attempt = { device, ...proof, transport, peer, keep: "connection" } as const;
    const proven = await host.authenticator.authenticate(attempt);
    return isRefusal(proven) ? PROOF_CODES[proven.code] : undefined;
  }

  async function add(params: unknown, message: ServiceMessage): Promise<AlinkAnswer> {
    const wanted = parseList(params, MOST_CHANGES, parseSubLogin);
    if (!wanted) return PARAMETER_ERROR;
    const devices = wanted.map(({ device }) => device);
    if (devices.some((device) => isSame(device, message.device))) return failed(6402);
    for (const each of wanted) {
      const code = await whyNotProven(message, each);
      if (code) return failed(code, { productKey: each.device.productKey, deviceName: each.device.deviceName });
    }
    const added = await topology.add(message.device, devices, { gateway: message });
    return typeof added === "string" ? failed(BIND_CODES[added]) : { code: 200 };
  }

  async function remove(params: unknown, message: ServiceMessage): Promise<AlinkAnswer> {
    const devices = parseDevices(params, MOST_CHANGES);
    if (!devices) return PARAMETER_ERROR;
    await topology.remove(message.device, devices, { gateway: message });
    return { code: 200 };
  }

  async function list(_params: unknown, { device }: ServiceMessage): Promise<AlinkAnswer> {
    const links = await store.behind(device, { limit: most });
    return {
      code: 200,
      data: links.map(({ device: { deviceName, productKey } }) => ({ deviceName, productKey })),
    };
  }

  const topic = (name: string) => `/sys/{pk}/{dn}/thing/topo/${name}`;
  const ofGateway = (work: typeof add) =>
    hidingSigns(
      alink((params, message) =>
        message.session.product.nodeType === "gateway" ? work(params, message) : failed(6203),
      ),
    );
  return { [topic("add")]: ofGateway(add), [topic("delete")]: ofGateway(remove), [topic("get")]: ofGateway(list) };
}
