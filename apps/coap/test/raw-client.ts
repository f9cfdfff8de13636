import { createSocket } from "node:dgram";
import { once } from "node:events";
import { generate, type Option, type Packet, type ParsedPacket, parse } from "coap-packet";

/** A request as a test states it. */
export interface RawRequest {
  readonly method?: string;
  /** With or without leading slash. */
  readonly path: string;
  readonly options?: readonly Option[];
  readonly payload?: Buffer;
  /** Default true: a CON. */
  readonly confirmable?: boolean;
  readonly token?: Buffer;
}

/** A UDP socket that speaks CoAP datagram by datagram: it repeats nothing and acknowledges nothing by itself. */
export interface RawClient {
  /** Sends, and does not wait; to another port of the loopback if one is given. */
  send(datagram: Buffer, to?: number): void;
  /** The next datagram that comes in, in their order. */
  take(): Promise<Buffer>;
  /** Sends a datagram and takes the next one that comes in. */
  ask(datagram: Buffer): Promise<Buffer>;
  /** Acknowledges, or rejects, a message that came. */
  settle(packet: ParsedPacket, how?: "ack" | "reset"): void;
  /** Makes a request with a message id of its own, and takes the answer. */
  request(request: RawRequest): Promise<ParsedPacket>;
  /** Sends `payload` by Block1, a new token per block, until the answer is another than 2.31. */
  upload(request: RawRequest & { payload: Buffer }, exponent?: number): Promise<ParsedPacket>;
  close(): Promise<void>;
}

const MAX_DATAGRAM_BYTES = 65_507;

/** What carries datagrams to a server and back. */
interface Wire {
  send(datagram: Buffer, to?: number): void;
  close(): Promise<void>;
}

/** Opens a socket to a port of the loopback. */
export function openRaw(port: number): Promise<RawClient> {
  return speakOver(async (onDatagram) => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.on("message", onDatagram);
    return {
      send: (datagram, to = port) => void socket.send(datagram, to, "127.0.0.1"),
      async close() {
        socket.close();
        await once(socket, "close");
      },
    };
  });
}

/** Speaks over anything that carries datagrams. */
export async function speakOver(open: (onDatagram: (datagram: Buffer) => void) => Promise<Wire>): Promise<RawClient> {
  const arrived: Buffer[] = [];
  const waiting: ((datagram: Buffer) => void)[] = [];
  let messageId = 0;
  const wire = await open((datagram) => {
    const next = waiting.shift();
    if (next) next(datagram);
    else arrived.push(datagram);
  });

  const send = wire.send;
  const take = (): Promise<Buffer> => {
    const first = arrived.shift();
    return first ? Promise.resolve(first) : new Promise((done) => waiting.push(done));
  };
  const ask = (datagram: Buffer): Promise<Buffer> => {
    send(datagram);
    return take();
  };
  const request = async (given: RawRequest): Promise<ParsedPacket> => {
    messageId += 1;
    return parse(await ask(datagramOf(given, messageId)));
  };

  return {
    send,
    take,
    ask,
    request,
    settle: ({ messageId: id }, how = "ack") => send(generate({ code: "0.00", messageId: id, [how]: true })),
    async upload({ payload, options = [], ...given }, exponent = 6) {
      const bytes = 2 ** (exponent + 4);
      for (let num = 0; ; num += 1) {
        const more = (num + 1) * bytes < payload.length;
        const block = payload.subarray(num * bytes, (num + 1) * bytes);
        const answer = await request({
          ...given,
          token: Buffer.from([num >> 8, num & 0xff]),
          options: [...options, block1(num, more, exponent)],
          payload: block,
        });
        if (answer.code !== "2.31") return answer;
      }
    },
    close: () => wire.close(),
  };
}

/** The bytes of a request. */
export function datagramOf(request: RawRequest, messageId: number): Buffer {
  const { method = "POST", path, options = [], payload, confirmable = true, token } = request;
  const segments = path.split("/").filter((segment) => segment !== "");
  const packet: Packet = {
    code: method,
    confirmable,
    messageId,
    options: [...segments.map((segment) => option("Uri-Path", segment)), ...options],
    ...(payload ? { payload } : {}),
    ...(token ? { token } : {}),
  };
  return generate(packet, MAX_DATAGRAM_BYTES);
}

/** An option by its name or its number. */
export function option(name: Option["name"] | number, value: string | Buffer): Option {
  return { name: typeof name === "number" ? String(name) : name, value: Buffer.from(value as string) } as Option;
}

/** RFC 7959 2.2; `exponent` 6 means blocks of 1024 bytes. */
export function block1(num: number, more: boolean, exponent = 6): Option {
  return option("Block1", blockValue(num, more, exponent));
}

/** Asks for a block of an answer. */
export function block2(num: number, exponent = 6): Option {
  return option("Block2", blockValue(num, false, exponent));
}

/** The value of an option of a message, if it has one. */
export function optionOf({ options }: ParsedPacket, wanted: Option["name"]): Buffer | undefined {
  return options.find(({ name }) => name === wanted)?.value;
}

function blockValue(num: number, more: boolean, exponent: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntBE(num * 16 + (more ? 8 : 0) + exponent, 0, 3);
  return bytes;
}
