import type { AdminKey } from "@trine/admin";
import type { DemoCertificates } from "./demo-product.ts";
import { tryItLines } from "./try-it-lines.ts";

/** What a person sees who started the gateway by hand. */
export function greeting(facts: {
  ports: Readonly<Record<string, number>>;
  adminKey: AdminKey;
  keyFile: string;
  demo: DemoCertificates | undefined;
}): string {
  const { ports, adminKey, keyFile, demo } = facts;
  const blocks = ["", "Trine is up."];
  if (ports.TRINE_ADMIN_PORT !== undefined)
    blocks.push(`  REST API and docs  http://127.0.0.1:${ports.TRINE_ADMIN_PORT}/docs`);
  // Shown once; afterwards whoever may read the file may have it.
  blocks.push(
    adminKey.isNew
      ? `  API key            ${adminKey.secret.reveal()}  (shown once; kept in ${keyFile})`
      : `  API key            in ${keyFile}`,
  );
  if (demo) {
    const lines = tryItLines(demo, {
      mqtt: ports.TRINE_MQTT_PORT,
      http: ports.TRINE_HTTP_PORT,
      coap: ports.TRINE_COAP_PORT,
    });
    blocks.push("", "Log the demo devices in:", ...lines.map((line) => `  ${line}`));
  }
  return `${blocks.join("\n")}\n\n`;
}
