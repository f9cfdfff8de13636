import type { Command } from "commander";
import { contextOf, path } from "../context.ts";
import { listAll } from "../list-all.ts";
import { printFacts, printRows } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

const ACTS = {
  disable: "close its sessions and refuse it until it is enabled",
  enable: "let it log in again",
  kick: "close its sessions; it may come back at once",
} as const;

/** `trine devices ...` */
export function addDeviceCommands(program: Command): void {
  const devices = program.command("devices").description("Add, list, show, disable and delete devices");

  devices
    .command("add <productKey> [deviceName]")
    .description("Add a device and print its certificate; without a name one is drawn")
    .option("--nickname <text>", "a name for people")
    .action(
      async (productKey: string, deviceName: string | undefined, options: { nickname?: string }, command: Command) => {
        const { api, json } = contextOf(command);
        printFacts(await api.call("POST", path`/v1/products/${productKey}/devices`, { deviceName, ...options }), json);
      },
    );

  devices
    .command("list <productKey>")
    .description("List devices")
    .option("--status <status>", "UNACTIVE, ONLINE, OFFLINE or DISABLE")
    .option("--prefix <text>", "prefix of the name")
    .option("--limit <count>", "most devices to print", wholeNumber, 100)
    .action(
      async (productKey: string, options: { status?: string; prefix?: string; limit: number }, command: Command) => {
        const { api, json } = contextOf(command);
        const { status, prefix, limit } = options;
        const query = { ...(status ? { status } : {}), ...(prefix ? { q: prefix } : {}) };
        const { items, more } = await listAll(api, path`/v1/products/${productKey}/devices`, { limit, query });
        printRows(items, {
          json,
          columns: ["deviceName", "status", "nickname", "activatedAt", "lastSeenAt", "lastTransport"],
        });
        if (more && !json) console.log("there are more: raise --limit or narrow with --prefix");
      },
    );

  devices
    .command("show <productKey> <deviceName>")
    .description("Show a device")
    .action(async (productKey: string, deviceName: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("GET", path`/v1/products/${productKey}/devices/${deviceName}`), json);
    });

  for (const [act, effect] of Object.entries(ACTS)) {
    devices
      .command(`${act} <productKey> <deviceName>`)
      .description(`${act[0]?.toUpperCase()}${act.slice(1)} a device: ${effect}`)
      .action(async (productKey: string, deviceName: string, _options: object, command: Command) => {
        const { api, json } = contextOf(command);
        printFacts(await api.call("POST", `${path`/v1/products/${productKey}/devices/${deviceName}`}/${act}`), json);
      });
  }

  devices
    .command("rotate <productKey> <deviceName>")
    .description("Make a second secret and print the certificate; the old one works until the new one is first used")
    .option("--grace <seconds>", "how long the old one works at the most; 0 ends it at once", wholeNumber)
    .action(async (productKey: string, deviceName: string, options: { grace?: number }, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(
        await api.call("POST", path`/v1/products/${productKey}/devices/${deviceName}/rotate`, {
          graceSeconds: options.grace,
        }),
        json,
      );
    });

  devices
    .command("timeline <productKey> <deviceName>")
    .description("Show what happened to a device, newest first")
    .option("--limit <count>", "most events to print", wholeNumber, 50)
    .action(async (productKey: string, deviceName: string, options: { limit: number }, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await listAll(api, path`/v1/products/${productKey}/devices/${deviceName}/timeline`, {
        limit: options.limit,
      });
      const rows = json ? items : items.map(({ detail, ...rest }) => ({ ...rest, detail: showDetail(detail) }));
      printRows(rows, { json, columns: ["at", "event", "detail"] });
    });

  devices
    .command("delete <productKey> <deviceName>")
    .description("Delete a device for good")
    .action(async (productKey: string, deviceName: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("DELETE", path`/v1/products/${productKey}/devices/${deviceName}`), json);
    });
}

function showDetail(detail: unknown): string {
  return Object.entries(detail ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
