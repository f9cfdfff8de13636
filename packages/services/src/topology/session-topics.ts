import type { DeviceRef } from "@trine/core/certificate";
import type { ServiceMessage, TopicHandler } from "../contracts.ts";
import { type AlinkAnswer, alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { failed, type TopologyCode } from "./codes.ts";
import { hidingSigns } from "./hide-signs.ts";
import { parseDevice, parseDevices, parseList } from "./parse-devices.ts";
import { parseSubLogin } from "./parse-sub-login.ts";
import type { GatewayLine, SubLogins } from "./sub-logins.ts";

/** Devices of one message (wire-format 7.3). */
const MOST_LOGINS = 50;

/** The topics on which gateways log devices in and out (wire-format 7.3, 7.4). */
export function sessionTopics({ login, logout }: SubLogins): Readonly<Record<string, TopicHandler>> {
  const topic = (name: string) => `/ext/session/{pk}/{dn}/combine/${name}`;
  return {
    [topic("login")]: onLine(async (params, line) => {
      const wanted = parseSubLogin(params);
      return wanted ? single(wanted.device, await login(line, [wanted])) : PARAMETER_ERROR;
    }),
    [topic("logout")]: onLine(async (params, line) => {
      const device = parseDevice(params);
      return device ? single(device, await logout(line, [device])) : PARAMETER_ERROR;
    }),
    [topic("batch_login")]: onLine(async (params, line) => {
      const wanted = parseList(listOf(params), MOST_LOGINS, parseSubLogin);
      if (!wanted) return PARAMETER_ERROR;
      const codes = await login(line, wanted);
      return many(
        wanted.map(({ device }) => device),
        codes,
      );
    }),
    [topic("batch_logout")]: onLine(async (params, line) => {
      const devices = parseDevices(listOf(params) ?? params, MOST_LOGINS);
      return devices ? many(devices, await logout(line, devices)) : PARAMETER_ERROR;
    }),
  };
}

function onLine(work: (params: unknown, line: GatewayLine) => Promise<AlinkAnswer>): TopicHandler {
  return hidingSigns(
    alink((params, { device, carrier }: ServiceMessage) =>
      carrier ? work(params, { gateway: device, carrier }) : failed(6203),
    ),
  );
}

function listOf(params: unknown): unknown {
  return typeof params === "object" && params !== null && "deviceList" in params ? params.deviceList : undefined;
}

function single(device: DeviceRef, [code = 500]: readonly (TopologyCode | 200)[]): AlinkAnswer {
  const { productKey, deviceName } = device;
  const data = { deviceName, productKey };
  return code === 200 ? { code, data } : failed(code, data);
}

/** The code of all is the first that is none of success; each device has its own beside. */
function many(devices: readonly DeviceRef[], codes: readonly (TopologyCode | 200)[]): AlinkAnswer {
  const data = devices.map(({ productKey, deviceName }, at) => ({ deviceName, productKey, code: codes[at] ?? 500 }));
  const first = codes.find((code): code is TopologyCode => code !== 200);
  return first === undefined ? { code: 200, data } : failed(first, data);
}
