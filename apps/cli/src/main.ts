#!/usr/bin/env node
import { StartError } from "@trine/runtime/environment";
import { Command } from "commander";
import { CliError } from "./api-client.ts";
import { addAccessKeyCommands } from "./commands/access-keys.ts";
import { addApiKeyCommands } from "./commands/api-keys.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addBurnCommands } from "./commands/burn.ts";
import { addCertificateCommands } from "./commands/certificates.ts";
import { addDeviceCommands } from "./commands/devices.ts";
import { addFirmwareCommands } from "./commands/firmware.ts";
import { addKeyCommands } from "./commands/keys.ts";
import { addMessageCommands } from "./commands/messages.ts";
import { addModelCommands } from "./commands/model.ts";
import { addOtaCommands } from "./commands/ota.ts";
import { addPackageCommands } from "./commands/packages.ts";
import { addProductCommands } from "./commands/products.ts";
import { addRegistrationCommands } from "./commands/registration.ts";
import { addShadowCommands } from "./commands/shadow.ts";
import { addX509Commands } from "./commands/x509.ts";

const program = new Command("trine")
  .description("Operates a Trine gateway through its REST API")
  .option("--url <url>", "address of the REST API (default: 127.0.0.1 and TRINE_ADMIN_PORT)")
  .option("--key <key>", "API key (default: TRINE_ADMIN_KEY, else admin-key in the data folder)")
  .option("--json", "print JSON")
  .showHelpAfterError();

for (const add of [
  addProductCommands,
  addDeviceCommands,
  addCertificateCommands,
  addMessageCommands,
  addBackupCommands,
  addApiKeyCommands,
  addAccessKeyCommands,
  addKeyCommands,
  addPackageCommands,
  addBurnCommands,
  addX509Commands,
  addRegistrationCommands,
  addFirmwareCommands,
  addOtaCommands,
  addShadowCommands,
  addModelCommands,
])
  add(program);

// Whoever reads the output may stop early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CliError || error instanceof StartError)) throw error;
  console.error(`trine: ${error.message}`);
  process.exitCode = 1;
}
