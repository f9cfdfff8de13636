import { adminSettings } from "@trine/admin";
import { amqpSettings } from "@trine/amqp";
import { coapSettings } from "@trine/coap";
import { frontSettings } from "@trine/front";
import { httpSettings } from "@trine/http";
import { mqttSettings } from "@trine/mqtt";
import { runtimeSettings } from "@trine/runtime";
import { findServices, settingsOf } from "@trine/services";
import { z } from "zod";
import { gatewaySettings } from "./settings.ts";

/** The processes that can run by themselves, with the settings that only some of them read. */
const PROCESSES = {
  mqtt: mqttSettings,
  coap: coapSettings,
  http: httpSettings,
  amqp: amqpSettings,
  admin: adminSettings,
  front: frontSettings,
  gateway: gatewaySettings,
} as const;

/** Read by whatever process serves devices or operators. */
export const EVERYWHERE = { ...runtimeSettings.shape, ...settingsOf(await findServices()).shape };

/** Where several read a setting with defaults of their own, the gateway's stands here. */
const SHAPE: Readonly<Record<string, z.ZodType>> = {
  ...frontSettings.shape,
  ...gatewaySettings.shape,
  ...EVERYWHERE,
};

const HEAD = `# Configuration

<!-- Generated from the settings' own schemas: npm run docs:settings. Do not edit by hand; a test compares. -->

Every setting is an environment variable. A wrong one ends the start with one line that names every setting that is wrong, and exit code 1.

- A file \`.env\` in the working folder is read too, a line \`NAME=value\` each. What stands in the environment wins over it.
- \`NAME_FILE\` may stand for any setting \`NAME\`: the path of a file that holds the value, for mounted secrets. Blanks and line ends around the
  value are cut off. If both are set, \`NAME\` wins. A name that ends in \`_FILE\` already is the path itself.
- An empty value counts as not set.
- A port of \`0\` takes a free one, and the log line \`ready\` says which; \`off\` turns the listener off.

The gateway (\`npm start\`, \`apps/gateway\`) reads every setting of this page but those of the front. \`apps/mqtt\`, \`apps/coap\`, \`apps/http\`, \`apps/amqp\`, \`apps/admin\` and \`apps/front\` run alone; they
share their stores, so each requires \`DATABASE_URL\`, \`REDIS_URL\` and \`TRINE_MASTER_KEY_FILE\`. What they share has to be set alike for all of them.
`;

/** Writes the reference of every setting as Markdown, grouped by the processes that read it. */
export function settingsReference(): string {
  const groups = new Map<string, string[]>([["every process", Object.keys(EVERYWHERE)]]);
  for (const name of Object.keys({ ...gatewaySettings.shape, ...frontSettings.shape })) {
    const readers = readersOf(name).join(", ");
    groups.set(readers, [...(groups.get(readers) ?? []), name]);
  }
  return [HEAD, ...[...groups].map(([readers, names]) => section(readers, names))].join("\n");
}

function readersOf(name: string): string[] {
  const processes = Object.entries(PROCESSES).filter(([, schema]) => name in schema.shape);
  return processes.map(([process]) => process);
}

function section(readers: string, names: readonly string[]): string {
  const head = ["| Setting | Default | Values | Read by | Meaning |", "|---|---|---|---|---|"];
  return [`## Read by ${readers}\n`, ...head, ...names.map((name) => row(name, readers)), ""].join("\n");
}

function row(name: string, readers: string): string {
  const field = SHAPE[name];
  if (!field?.description) throw new Error(`${name} has no description`);
  const fallback = field.parse(undefined);
  const cells = [
    `\`${name}\``,
    fallback === undefined ? "not set" : `\`${fallback}\``,
    valuesOf(field),
    readers,
    field.description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** What the schema allows, in words. */
function valuesOf(field: z.ZodType): string {
  const schema = z.toJSONSchema(field, { unrepresentable: "any", io: "output" });
  return (
    [schema, ...(schema.anyOf ?? [])].map((each) => wordsFor(each as z.core.JSONSchema.JSONSchema)).find(Boolean) ??
    "text"
  );
}

function wordsFor({ type, enum: choices, minimum, maximum, anyOf }: z.core.JSONSchema.JSONSchema): string | undefined {
  if (anyOf) return "a port, or `off`";
  if (choices) return choices.map((choice) => `\`${choice}\``).join(", ");
  if (type !== "integer") return undefined;
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? `${minimum} or more`
    : `${minimum} to ${maximum}`;
}
