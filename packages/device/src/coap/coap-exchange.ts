import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type CoapMethod, generate, type NamedOption, type Option, type ParsedPacket, parse } from "coap-packet";
import { DeviceError } from "../device-error.ts";
import { type CoapResponse, createIncoming } from "./incoming.ts";

// RFC 7252 4.8: ACK_TIMEOUT, ACK_RANDOM_FACTOR, MAX_RETRANSMIT; 4.8.2: what a separate response may take.
const ACK_TIMEOUT_MS = 2_000;
const ACK_RANDOM_FACTOR = 1.5;
const MAX_RETRANSMIT = 4;
const RESPONSE_TIMEOUT_MS = 60_000;

const TOKEN_BYTES = 4;
// What UDP over IPv4 carries; what the gateway takes is for the gateway to say.
const MAX_DATAGRAM_BYTES = 65_507;

/** Where a device's datagrams go. */
export interface CoapTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
  /** First wait for an acknowledgement in ms; doubled with each of four retransmissions. Default 2000. */
  readonly ackTimeoutMs?: number;
}

export interface CoapRequest {
  readonly method: CoapMethod;
  /** Default: one that was not used before. */
  readonly token?: Buffer;
  /** Uri-Path and the rest, in any order. */
  readonly options: readonly (Option | NamedOption)[];
  readonly payload: Buffer;
}

/** Requests from one socket. */
export interface CoapExchange {
  /**
   * Sends a confirmable request, again while nothing comes back, and waits for the response, piggy-backed or separate.
   *
   * @throws DeviceError `timeout`, `reset` or `closed`.
   */
  confirmable(request: CoapRequest): Promise<ParsedPacket>;
  /** As `confirmable`, but the caller acknowledges. */
  unacknowledged(request: CoapRequest): Promise<CoapResponse>;
  /**
   * As `unacknowledged`, and gives every further response to `onResponse` until `stop` is called (RFC 7641). What comes after that is
   * rejected. The first one to come may be a notification already, when the answer was lost.
   */
  observe(
    request: CoapRequest,
    onResponse: (response: CoapResponse) => void,
  ): Promise<{ readonly first: CoapResponse; readonly token: Buffer; stop(): void }>;
  /** Sends a non-confirmable request; its response is not waited for. */
  nonConfirmable(request: CoapRequest): void;
  close(): Promise<void>;
}

interface Waiter {
  readonly messageId: number;
  readonly resolve: (response: CoapResponse) => void;
  readonly reject: (error: DeviceError) => void;
  timer: NodeJS.Timeout;
}

/** Opens the socket. */
export async function openCoapExchange(target: CoapTarget): Promise<CoapExchange> {
  const socket = await openSocket(target);
  const waiters = new Map<number, Waiter>();
  const observations = new Map<number, (response: CoapResponse) => void>();
  const incoming = createIncoming((bytes) => void (open && socket.send(bytes)));
  const firstWaitMs = target.ackTimeoutMs ?? ACK_TIMEOUT_MS;
  let messageId = Math.floor(Math.random() * 0x1_0000);
  let token = Math.floor(Math.random() * 0xffff_ffff);
  let open = true;

  socket.on("message", (bytes) => {
    const packet = parseDatagram(bytes);
    if (packet) receive(packet);
  });
  socket.on("error", (error) => failAll(new DeviceError("closed", error.message)));

  function receive(packet: ParsedPacket): void {
    if (packet.code === "0.00") {
      receiveEmpty(packet);
      return;
    }
    const response = incoming.take(packet);
    if (!response) return;
    const key = packet.token.length === TOKEN_BYTES ? packet.token.readUInt32BE() : -1;
    const give = take(key)?.resolve ?? observations.get(key) ?? response.reject;
    give(response);
  }

  /** An acknowledgement that announces a separate response, or a reset. */
  function receiveEmpty({ messageId: id, reset }: ParsedPacket): void {
    for (const [key, waiter] of waiters) {
      if (waiter.messageId !== id) continue;
      if (reset) take(key)?.reject(new DeviceError("reset", "the gateway reset the message"));
      else waitForResponse(key, waiter);
      return;
    }
  }

  function waitForResponse(key: number, waiter: Waiter): void {
    clearTimeout(waiter.timer);
    waiter.timer = setTimeout(() => expire(key), RESPONSE_TIMEOUT_MS);
  }

  function take(key: number): Waiter | undefined {
    const waiter = waiters.get(key);
    if (!waiter) return undefined;
    clearTimeout(waiter.timer);
    waiters.delete(key);
    return waiter;
  }

  function expire(key: number): void {
    take(key)?.reject(new DeviceError("timeout", "the gateway did not answer"));
  }

  function failAll(error: DeviceError): void {
    for (const key of [...waiters.keys()]) take(key)?.reject(error);
  }

  function newToken(): Buffer {
    token = (token + 1) >>> 0;
    const bytes = Buffer.allocUnsafe(TOKEN_BYTES);
    bytes.writeUInt32BE(token);
    return bytes;
  }

  function encode({ method, options, payload, token: given = newToken() }: CoapRequest, isConfirmable: boolean) {
    messageId = (messageId + 1) & 0xffff;
    const packet = {
      code: method,
      confirmable: isConfirmable,
      messageId,
      token: given,
      options: [...options],
      payload,
    };
    return { key: given.readUInt32BE(), messageId, bytes: generate(packet, MAX_DATAGRAM_BYTES) };
  }

  function ask(request: CoapRequest): Promise<CoapResponse> {
    return new Promise((resolve, reject) => {
      if (!open) return reject(new DeviceError("closed", "the device was closed"));
      const { key, bytes, messageId: id } = encode(request, true);
      const waitMs = firstWaitMs * (1 + Math.random() * (ACK_RANDOM_FACTOR - 1));
      const timer = sendAgain(key, bytes, { waitMs, left: MAX_RETRANSMIT });
      waiters.set(key, { messageId: id, resolve, reject, timer });
      socket.send(bytes);
    });
  }

  async function confirmable(request: CoapRequest): Promise<ParsedPacket> {
    const response = await ask(request);
    response.acknowledge();
    return response.packet;
  }

  function sendAgain(key: number, bytes: Buffer, { waitMs, left }: { waitMs: number; left: number }): NodeJS.Timeout {
    return setTimeout(() => {
      const waiter = waiters.get(key);
      if (!waiter) return;
      if (left === 0) return expire(key);
      socket.send(bytes);
      waiter.timer = sendAgain(key, bytes, { waitMs: waitMs * 2, left: left - 1 });
    }, waitMs);
  }

  return {
    confirmable,
    unacknowledged: ask,
    async observe(request, onResponse) {
      const given = request.token ?? newToken();
      const key = given.readUInt32BE();
      const stop = () => void observations.delete(key);
      // Known before it is answered: a notification may overtake the answer.
      observations.set(key, onResponse);
      try {
        return { first: await ask({ ...request, token: given }), token: given, stop };
      } catch (error) {
        stop();
        throw error;
      }
    },
    nonConfirmable(request) {
      if (!open) throw new DeviceError("closed", "the device was closed");
      socket.send(encode(request, false).bytes);
    },
    async close() {
      if (!open) return;
      open = false;
      failAll(new DeviceError("closed", "the device was closed"));
      socket.close();
      await once(socket, "close");
    },
  };
}

async function openSocket({ host, port, localAddress }: CoapTarget): Promise<Socket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.bind({ port: 0, ...(localAddress === undefined ? {} : { address: localAddress }) });
  await once(socket, "listening");
  socket.connect(port, host);
  await once(socket, "connect");
  return socket;
}

function parseDatagram(bytes: Buffer): ParsedPacket | undefined {
  try {
    return parse(bytes);
  } catch {
    // RFC 7252 4.2: a message that cannot be read is ignored.
    return undefined;
  }
}
