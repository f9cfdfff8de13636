import { type Refusal, type RegistrationRequest, refuse } from "@trine/core/auth";
import type { Inbound } from "@trine/ingress";
import type { IConnectPacket } from "mqtt-packet";
import { type ParsedConnect, parseConnect } from "./parse-connect.ts";
import { parseRegistration } from "./parse-registration.ts";
import type { MqttSettings } from "./settings.ts";

/** What a CONNECT asks for. */
export interface ConnectRequest {
  readonly connect: ParsedConnect | RegistrationRequest | Refusal;
  /** cleanSession=0. */
  readonly lasting: boolean;
  /** MQTT 3.1, whose CONNACK knows no "session present". */
  readonly isOld: boolean;
}

/** Reads a CONNECT, and refuses a login with a keepalive out of bounds (wire-format 2.6). */
export function judgeConnect(
  packet: IConnectPacket,
  { peer, proof, security }: Inbound,
  settings: MqttSettings,
): ConnectRequest {
  const { clientId, username, password, keepalive = 0, clean, protocolVersion } = packet;
  const isAllowed = keepalive >= settings.TRINE_MQTT_KEEPALIVE_MIN && keepalive <= settings.TRINE_MQTT_KEEPALIVE_MAX;
  const inClear = security !== "tls" && settings.TRINE_REGISTRATION_IN_CLEAR === "off";
  const fields = { clientId, username, password, peer, channel: proof, inClear };
  const login = () => (isAllowed ? parseConnect(fields) : refuse("malformed", `keepalive ${keepalive} s`));
  return {
    connect: parseRegistration(fields) ?? login(),
    lasting: clean === false,
    isOld: protocolVersion === 3,
  };
}
