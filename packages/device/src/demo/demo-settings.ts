import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DemoError } from "./demo-error.ts";

/** The gateway's environment, as the gateway itself reads it. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Where the gateway is, and how long the demo runs. */
export interface DemoSettings {
  readonly seconds: number;
  readonly adminUrl: string;
  readonly adminKey: string;
  readonly ports: DemoPorts;
}

/** The devices' ports; an absent one is turned off. */
export interface DemoPorts {
  readonly mqtt?: number;
  readonly http?: number;
  readonly coap?: number;
}

const DEFAULT_SECONDS = 20;

/**
 * Reads the arguments and the settings that the gateway has too.
 *
 * @throws DemoError when an argument is wrong or no API key can be found.
 */
export function readDemoSettings(args: readonly string[], environment: Environment): DemoSettings {
  return {
    seconds: readSeconds(args),
    adminUrl: `http://127.0.0.1:${environment.TRINE_ADMIN_PORT || "3000"}`,
    adminKey: environment.TRINE_ADMIN_KEY || readKeyFile(environment.TRINE_DATA_DIR || "./data"),
    ports: {
      ...portNamed("mqtt", environment.TRINE_MQTT_PORT || "1883"),
      ...portNamed("http", environment.TRINE_HTTP_PORT || "8080"),
      ...portNamed("coap", environment.TRINE_COAP_SYMMETRIC_PORT || "5682"),
    },
  };
}

function readSeconds(args: readonly string[]): number {
  const wrong = new DemoError("usage: npm run demo -- [--seconds N], with a whole N above 0");
  let text: string | undefined;
  try {
    text = parseArgs({ args: [...args], options: { seconds: { type: "string" } } }).values.seconds;
  } catch {
    throw wrong;
  }
  const seconds = Number(text ?? DEFAULT_SECONDS);
  if (!Number.isInteger(seconds) || seconds < 1) throw wrong;
  return seconds;
}

function portNamed(protocol: keyof DemoPorts, text: string): DemoPorts {
  return text === "off" ? {} : { [protocol]: Number(text) };
}

function readKeyFile(dataFolder: string): string {
  const file = join(dataFolder, "admin-key");
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    throw new DemoError(
      `no API key: there is no ${file}; start the gateway with npm start, or set TRINE_DATA_DIR or TRINE_ADMIN_KEY as it has them`,
    );
  }
}
