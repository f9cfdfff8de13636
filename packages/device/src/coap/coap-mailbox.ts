import type { NamedOption, Option, ParsedPacket } from "coap-packet";
import { DeviceError } from "../device-error.ts";
import type { CoapConnection, CoapMessage, CoapObservation, DeviceEnd } from "./coap-connection.ts";
import type { CoapExchange } from "./coap-exchange.ts";
import { type CoapSession, numberedOptions, pathOptions, seal, unseal } from "./coap-session.ts";
import type { CoapResponse } from "./incoming.ts";

type CoapMailbox = Pick<CoapConnection, "fetchMessage" | "pull" | "acknowledge" | "observe">;

// RFC 7641 2.
const REGISTER = Buffer.alloc(0);
const DEREGISTER = Buffer.of(1);
const NOTHING = Buffer.alloc(0);
const SIZE_EXPONENT = 6;

/** What waits for a device, over its exchange. */
export function createCoapMailbox(exchange: CoapExchange, sessionOf: () => CoapSession): CoapMailbox {
  /** Fetches what follows a first block (RFC 7959 2.4). The last block is to be acknowledged by the caller. */
  async function complete(
    first: CoapResponse,
    again: { method: "GET" | "POST"; options: readonly (Option | NamedOption)[] },
  ): Promise<{ payload: Buffer; acknowledge(): void }> {
    const parts = [first.packet.payload];
    const etag = optionOf(first.packet, "ETag");
    let last = first;
    while (hasMore(last.packet)) {
      last.acknowledge();
      const block: NamedOption = { name: "Block2", value: blockOf(parts.length) };
      last = await exchange.unacknowledged({ ...again, options: [...again.options, block], payload: NOTHING });
      checked(last.packet, "2.05");
      if (!etag?.equals(optionOf(last.packet, "ETag") ?? NOTHING)) throw new DeviceError("changed", "it was replaced");
      parts.push(last.packet.payload);
    }
    return { payload: Buffer.concat(parts), acknowledge: last.acknowledge };
  }

  async function fetch(request: Parameters<typeof complete>[1] & { payload: Buffer }): Promise<unknown> {
    const session = sessionOf();
    const first = await exchange.unacknowledged(request);
    const { payload, acknowledge } = await complete({ ...first, packet: checked(first.packet, "2.05") }, request);
    acknowledge();
    return JSON.parse(unseal(session, payload).toString());
  }

  return {
    async fetchMessage() {
      const options = [...pathOptions("mailbox"), sessionOf().tokenOption];
      return readMessage(await fetch({ method: "GET", options, payload: NOTHING }));
    },
    async pull(pageSize) {
      const session = sessionOf();
      const payload = seal(session, Buffer.from(JSON.stringify({ pageSize: String(pageSize) })));
      const options = [...pathOptions("pull"), session.tokenOption];
      const page = (await fetch({ method: "POST", options, payload })) as Parameters<typeof readMessage>[0][];
      return page.map(readMessage).filter((message) => message !== undefined);
    },
    async acknowledge(messageId) {
      const options = [...pathOptions("mailbox", messageId), ...numberedOptions(sessionOf())];
      checked(await exchange.confirmable({ method: "DELETE", options, payload: NOTHING }), "2.02");
    },
    observe: (onMessage) => observe(onMessage),
  };

  async function observe(onMessage: (message: CoapMessage) => Promise<void> | void): Promise<CoapObservation> {
    const session = sessionOf();
    const path = pathOptions("mailbox");
    const asking = (value: Buffer) => ({
      method: "GET" as const,
      options: [...path, { name: "Observe", value } as const, ...numberedOptions(session)],
      payload: NOTHING,
    });
    let end: (code: DeviceEnd) => void = () => undefined;
    const ended = new Promise<DeviceEnd>((done) => {
      end = done;
    });
    const { first, token, stop } = await exchange.observe(asking(REGISTER), receive);
    if (first.packet.code !== "2.05" || !optionOf(first.packet, "Observe")) {
      stop();
      first.acknowledge();
      checked(first.packet, "2.05");
      throw new DeviceError("not_observed", "the gateway has no place for one more observer");
    }
    receive(first);

    function receive(response: CoapResponse): void {
      take(response).catch((error: unknown) => finish(error instanceof DeviceError ? error.code : "listener"));
    }

    async function take(response: CoapResponse): Promise<void> {
      if (response.packet.code !== "2.05") response.acknowledge();
      checked(response.packet, "2.05");
      const rest = { method: "GET" as const, options: [...path, session.tokenOption] };
      const { payload, acknowledge } = await complete(response, rest);
      const message = readMessage(JSON.parse(unseal(session, payload).toString()));
      if (message) await onMessage(message);
      acknowledge();
    }

    function finish(code: DeviceEnd): void {
      stop();
      end(code);
    }

    return {
      ended,
      async stop() {
        finish(undefined);
        checked(await exchange.confirmable({ ...asking(DEREGISTER), token }), "2.05");
      },
    };
  }
}

function readMessage(fields: unknown): CoapMessage | undefined {
  const { messageId, topic, payload } = fields as { messageId?: string; topic: string; payload: string };
  return messageId === undefined ? undefined : { messageId, topic, payload: Buffer.from(payload, "base64") };
}

/** RFC 7959 2.2. */
function hasMore(packet: ParsedPacket): boolean {
  const value = optionOf(packet, "Block2");
  return value !== undefined && ((value.at(-1) ?? 0) & 8) !== 0;
}

function blockOf(num: number): Buffer {
  const value = Buffer.alloc(3);
  value.writeUIntBE(num * 16 + SIZE_EXPONENT, 0, 3);
  return value;
}

function optionOf({ options }: ParsedPacket, wanted: NamedOption["name"]): Buffer | undefined {
  return options.find(({ name }) => name === wanted)?.value;
}

function checked(response: ParsedPacket, code: string): ParsedPacket {
  if (response.code === code) return response;
  throw new DeviceError(response.code, `the gateway answered ${response.code}`);
}
