import type { Command } from "commander";
import { contextOf, path } from "../context.ts";
import { printFacts } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

interface Item {
  readonly id: string;
  readonly productKey: string;
  readonly deviceName: string;
  readonly topic: string;
  readonly payload: string;
  readonly transport: string;
  readonly receivedAt: string;
}

/** `trine messages ...` */
export function addMessageCommands(program: Command): void {
  const messages = program.command("messages").description("Send messages to devices, read what they sent");

  messages
    .command("send <productKey> <deviceName> <topic> <payload>")
    .description("Send a message to a device; a topic without leading slash is one of the device's own, e.g. user/get")
    .option("--qos <qos>", "1 waits for the device, 0 does not", wholeNumber, 1)
    .option("--ttl <seconds>", "how long it may wait", wholeNumber)
    .option("--report", "have its end, delivered or expired, told in the uplink")
    .option("--base64", "the payload is base64")
    .action(
      async (
        productKey: string,
        deviceName: string,
        topic: string,
        payload: string,
        options: SendOptions,
        command: Command,
      ) => {
        const { api, json } = contextOf(command);
        const sent = await api.call<Record<string, unknown>>(
          "POST",
          path`/v1/products/${productKey}/devices/${deviceName}/messages`,
          {
            topic: topic.startsWith("/") ? topic : `/${productKey}/${deviceName}/${topic}`,
            payload,
            encoding: options.base64 ? "base64" : "text",
            qos: options.qos,
            ...(options.report ? { report: true } : {}),
            ...(options.ttl === undefined ? {} : { ttlSeconds: options.ttl }),
          },
        );
        printFacts(sent, json);
      },
    );

  messages
    .command("ask <productKey> <deviceName> <payload>")
    .description("Ask a connected device and wait for its answer (RRPC)")
    .option("--topic <topic>", "ask on /ext/rrpc/{messageId}{topic} instead of the system topic")
    .option("--timeout <ms>", "how long to wait, 1000 to 8000", wholeNumber, 5_000)
    .option("--base64", "the payload is base64, and the answer is shown in it")
    .action(async (productKey: string, deviceName: string, payload: string, options: AskOptions, command: Command) => {
      const { api, json } = contextOf(command);
      const answer = await api.call<{ messageId: string; payload: string }>(
        "POST",
        path`/v1/products/${productKey}/devices/${deviceName}/rrpc`,
        {
          payload,
          encoding: options.base64 ? "base64" : "text",
          timeoutMs: options.timeout,
          ...(options.topic === undefined ? {} : { topic: options.topic }),
        },
      );
      const text = options.base64 ? answer.payload : Buffer.from(answer.payload, "base64").toString();
      printFacts({ ...answer, payload: text }, json);
    });

  messages
    .command("status <productKey> <deviceName> <messageId>")
    .description("Show what became of a message")
    .action(async (productKey: string, deviceName: string, messageId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(
        await api.call("GET", path`/v1/products/${productKey}/devices/${deviceName}/messages/${messageId}`),
        json,
      );
    });

  messages
    .command("read")
    .description("Read and acknowledge what devices sent, as one consumer of a group")
    .option("--group <name>", "consumer group", "cli")
    .option("--consumer <name>", "consumer of it; those that read at once share its messages", "cli")
    .option("--product <productKey>", "this product only")
    .option("--follow", "go on until Ctrl-C")
    .action(async (options: ReadOptions, command: Command) => {
      const { api, json } = contextOf(command);
      const request = {
        // The same at each run: a new one would share with the last one, until that is known to be gone.
        consumer: options.consumer,
        waitMs: options.follow ? 30_000 : 0,
        productKey: options.product,
      };
      for (;;) {
        const { items } = await api.call<{ items: Item[] }>(
          "POST",
          path`/v1/uplink/groups/${options.group}/read`,
          request,
        );
        for (const item of items) console.log(json ? JSON.stringify(item) : showItem(item));
        // Printed is handled: only then may the gateway forget it.
        if (items.length > 0)
          await api.call("POST", path`/v1/uplink/groups/${options.group}/ack`, { ids: items.map(({ id }) => id) });
        else if (!options.follow) return;
      }
    });
}

interface SendOptions {
  readonly qos: number;
  readonly ttl?: number;
  readonly report?: boolean;
  readonly base64?: boolean;
}

interface AskOptions {
  readonly topic?: string;
  readonly timeout: number;
  readonly base64?: boolean;
}

interface ReadOptions {
  readonly group: string;
  readonly consumer: string;
  readonly product?: string;
  readonly follow?: boolean;
}

function showItem({ receivedAt, transport, topic, payload }: Item): string {
  const line = `${receivedAt} ${transport.padEnd(5)} ${topic} ${Buffer.from(payload, "base64").toString("utf8")}`;
  // A device must not write control sequences to an operator's terminal.
  return line.replaceAll(/\p{Cc}/gu, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^[\x7f-\x9f]$/, "?"),
  );
}
