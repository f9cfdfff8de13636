import { isRefusal, type RegistrationRequest } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { isProblem } from "@trine/core/registry";
import type { ServiceHost, ServiceMessage, TopicHandler } from "../contracts.ts";
import { type AlinkAnswer, alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { failed, PROOF_CODES, type TopologyCode } from "./codes.ts";
import { hidingSigns } from "./hide-signs.ts";
import { parseDevices, parseList } from "./parse-devices.ts";
import { parseProxied } from "./parse-proxied.ts";
import type { TopologyStore } from "./store.ts";
import { isSame, type Topology } from "./topology.ts";

/** Devices of one message (wire-format 7.1). */
const MOST = 30;

interface Deps {
  readonly host: Pick<ServiceHost, "registrar" | "devices" | "lookup">;
  readonly store: Pick<TopologyStore, "gatewaysOf">;
  readonly topology: Topology;
}

/** What a registered device is handed, by way of its gateway. */
interface HandedOut {
  readonly iotId: string;
  readonly productKey: string;
  readonly deviceName: string;
  readonly deviceSecret: string;
}

type Proof = Pick<RegistrationRequest, "signMethod" | "mac" | "random"> | { readonly vouchedBy: DeviceRef };

/** The topics on which gateways register devices (wire-format 7.1). Secrets go over connections only that nobody can listen to. */
export function registrationTopics({ host, store, topology }: Deps): Readonly<Record<string, TopicHandler>> {
  /** A gateway that has lost the secrets of devices behind it is handed them again, as long as their product lets devices register. */
  async function again(device: DeviceRef, { peer, ...message }: { peer: string; gateway: DeviceRef }) {
    const credentials = await host.lookup.findCredentials(device);
    if ((credentials?.product.policy.registration ?? "off") === "off") return PROOF_CODES.registration_off;
    const certificate = await host.devices.certificate({ name: `gateway ${deviceKey(message.gateway)}`, peer }, device);
    return isProblem(certificate) ? PROOF_CODES.unknown_device : handOut(device, certificate.deviceSecret);
  }

  async function handOut(device: DeviceRef, deviceSecret: { reveal(): string }): Promise<HandedOut> {
    const iotId = (await host.lookup.findCredentials(device))?.iotId ?? "";
    return { iotId, ...device, deviceSecret: deviceSecret.reveal() };
  }

  async function register(
    { device: gateway, session: { transport, peer } }: ServiceMessage,
    device: DeviceRef,
    proof: Proof,
  ): Promise<HandedOut | TopologyCode> {
    const holder = (await store.gatewaysOf([device])).get(deviceKey(device));
    if (holder && !isSame(holder, gateway)) return 6619;
    if (holder && "vouchedBy" in proof) return again(device, { peer, gateway });
    const registered = await host.registrar.register({ device, ...proof, wants: "secret", transport, peer });
    if (isRefusal(registered)) return PROOF_CODES[registered.code];
    return "deviceSecret" in registered ? handOut(device, registered.deviceSecret) : 500;
  }

  async function bySwitch(params: unknown, message: ServiceMessage): Promise<AlinkAnswer> {
    const devices = parseDevices(params, MOST);
    if (!devices) return PARAMETER_ERROR;
    const vouchedBy = message.device;
    const outcomes = await Promise.all(devices.map((device) => register(message, device, { vouchedBy })));
    const data = outcomes.filter((outcome) => typeof outcome !== "number");
    const code = outcomes.find((outcome) => typeof outcome === "number");
    return code === undefined ? { code: 200, data } : failed(code, data);
  }

  async function bySign(params: unknown, message: ServiceMessage): Promise<AlinkAnswer> {
    const list = typeof params === "object" && params !== null && "proxieds" in params ? params.proxieds : undefined;
    const proxieds = parseList(list, MOST, parseProxied);
    if (!proxieds) return PARAMETER_ERROR;
    const outcomes = await Promise.all(
      proxieds.map(async ({ device, proof }) => ({
        device,
        outcome: proof ? await register(message, device, proof) : PROOF_CODES.bad_credentials,
      })),
    );
    const successes = outcomes.flatMap(({ outcome }) => (typeof outcome === "number" ? [] : [outcome]));
    const failures = outcomes.flatMap(({ device, outcome }) =>
      typeof outcome === "number" ? [{ ...device, code: outcome, message: failed(outcome).message }] : [],
    );
    // Always both: one SDK stops reading where one is missing (wire-format 7.1).
    return { code: 200, data: { successes, failures } };
  }

  /** The device stays; it is behind this gateway no more. */
  async function unregister(params: unknown, message: ServiceMessage): Promise<AlinkAnswer> {
    const devices = parseDevices(params, MOST);
    if (!devices) return PARAMETER_ERROR;
    await topology.remove(message.device, devices, { gateway: message });
    return { code: 200 };
  }

  const inSecret = (work: typeof bySwitch) => (params: unknown, message: ServiceMessage) =>
    message.carrier?.isPrivate ? work(params, message) : failed(PROOF_CODES.in_clear);
  const ofGateway = (work: (params: unknown, message: ServiceMessage) => Promise<AlinkAnswer> | AlinkAnswer) =>
    hidingSigns(alink((params, message) => (message.carrier ? work(params, message) : failed(6203))));
  return {
    "/sys/{pk}/{dn}/thing/sub/register": ofGateway(inSecret(bySwitch)),
    "/sys/{pk}/{dn}/thing/sub/unregister": ofGateway(unregister),
    "/sys/{pk}/{dn}/thing/proxy/provisioning/product_register": ofGateway(inSecret(bySign)),
  };
}
