import type { AdminKey } from "@trine/admin";
import type { DemoCertificates } from "./demo-product.ts";
import { secureLines, tryItLines } from "./try-it-lines.ts";

/** What a person sees who started the gateway by hand. */
export function greeting(facts: {
  ports: Readonly<Record<string, number>>;
  adminScheme: "http" | "https";
  adminKey: AdminKey;
  keyFile: string;
  demo: DemoCertificates | undefined;
  /** Of the authority that devices are to trust; absent when it is not Trine's own. */
  caFile: string | undefined;
}): string {
  const { ports, adminScheme, adminKey, keyFile, demo, caFile } = facts;
  const blocks = ["", "Trine is up."];
  if (ports.TRINE_ADMIN_PORT !== undefined)
    blocks.push(`  REST API and docs  ${adminScheme}://127.0.0.1:${ports.TRINE_ADMIN_PORT}/docs`);
  // Shown once; afterwards whoever may read the file may have it.
  blocks.push(
    adminKey.isNew
      ? `  API key            ${adminKey.secret.reveal()}  (shown once; kept in ${keyFile})`
      : `  API key            in ${keyFile}`,
  );
  if (caFile) blocks.push(`  CA for firmware    ${caFile}`);
  if (demo) {
    const devicePorts = {
      mqtt: ports.TRINE_MQTT_PORT,
      mqtts: ports.TRINE_MQTTS_PORT,
      http: ports.TRINE_HTTP_PORT,
      https: ports.TRINE_HTTPS_PORT,
      coap: ports.TRINE_COAP_PORT,
    };
    blocks.push("", "Log the demo devices in:", ...indented(tryItLines(demo, devicePorts)));
    if (caFile) blocks.push("", "Over TLS:", ...indented(secureLines(demo, devicePorts, caFile)));
  }
  return `${blocks.join("\n")}\n\n`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
