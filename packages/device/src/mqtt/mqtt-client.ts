import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
  parser,
} from "mqtt-packet";
import type { Channel } from "../channel/open-channel.ts";
import type { PublishAnswer } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import type { MqttConnection, MqttSessionOptions } from "./mqtt-connection.ts";
import { createPendingReplies } from "./pending-replies.ts";

const DISCONNECT = generate({ cmd: "disconnect" });
const PINGREQ = generate({ cmd: "pingreq" });
// MQTT acknowledges without saying more.
const ACKNOWLEDGED: PublishAnswer = {};

/** One connection, from its line on. */
export interface MqttClient {
  logIn(fields: Omit<IConnectPacket, "cmd">): Promise<{ sessionPresent: boolean }>;
  readonly operations: Omit<MqttConnection, "sessionPresent">;
}

/** Speaks MQTT 3.1.1 over a line that may be connecting still. */
export function createMqttClient(
  channel: Channel,
  options: Pick<MqttSessionOptions, "onMessage" | "manualAcknowledge">,
): MqttClient {
  const { stream } = channel;
  const pending = createPendingReplies();
  const pings: (() => void)[] = [];
  const decoder = parser({ protocolVersion: 4 });
  let fault: Error | undefined;
  let onConnack: ((packet: IConnackPacket) => void) | undefined;
  let keepalive: NodeJS.Timeout | undefined;

  decoder.on("packet", receive);
  decoder.on("error", (error: Error) => stream.destroy(error));
  stream.on("data", (bytes) => decoder.parse(bytes));
  stream.on("error", (error) => {
    fault = error;
  });
  const ended = new Promise<DeviceError>((done) => {
    stream.once("close", () => {
      clearInterval(keepalive);
      const error = new DeviceError("closed", fault?.message ?? "the connection ended");
      pending.fail(error);
      done(error);
    });
  });
  const closed = ended.then(() => undefined);

  function receive(packet: Packet): void {
    if (packet.cmd === "puback") pending.settle("puback", packet.messageId, []);
    else if (packet.cmd === "publish") receivePublish(packet);
    else if (packet.cmd === "connack") onConnack?.(packet);
    else if (packet.cmd === "suback") pending.settle("suback", packet.messageId, packet.granted.map(Number));
    else if (packet.cmd === "unsuback") pending.settle("unsuback", packet.messageId, []);
    else if (packet.cmd === "pingresp") pings.shift()?.();
  }

  function receivePublish({ topic, payload, qos, dup, retain, messageId }: IPublishPacket): void {
    let owed = qos > 0;
    const acknowledge = (): void => {
      if (!owed) return;
      owed = false;
      write(generate({ cmd: "puback", messageId: messageId ?? 0 }));
    };
    if (!options.manualAcknowledge) acknowledge();
    options.onMessage?.({
      topic,
      payload: payload as Buffer,
      qos: qos > 0 ? 1 : 0,
      duplicate: dup,
      retained: retain,
      acknowledge,
    });
  }

  function write(bytes: Buffer): void {
    if (stream.writable) stream.write(bytes);
  }

  /** Rejects at once on a dead connection, where no answer can come any more. */
  async function request(kind: "puback" | "suback" | "unsuback", packet: (messageId: number) => Packet) {
    if (!stream.writable) throw await ended;
    return pending.expect(kind, (messageId) => write(generate(packet(messageId))));
  }

  function ping(): Promise<void> {
    write(PINGREQ);
    const answered = new Promise<void>((done) => pings.push(done));
    return Promise.race([answered, ended.then((error) => Promise.reject(error))]);
  }

  return {
    async logIn(fields) {
      const connack = new Promise<IConnackPacket>((done) => {
        onConnack = done;
      });
      // Before the line is up the bytes wait in its buffer.
      stream.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, ...fields }));
      const answer = await Promise.race([connack, ended]);
      if (answer instanceof DeviceError) throw answer;
      if (answer.returnCode !== 0) {
        stream.destroy();
        throw new DeviceError(String(answer.returnCode), `the login was refused with return code ${answer.returnCode}`);
      }
      if (fields.keepalive) {
        keepalive = setInterval(() => write(PINGREQ), fields.keepalive * 1_000).unref();
      }
      return { sessionPresent: answer.sessionPresent };
    },
    operations: {
      closed,
      async publish({ topic, payload, qos = 1 }) {
        const packet = { cmd: "publish", topic, payload, dup: false, retain: false } as const;
        if (qos === 1) await request("puback", (messageId) => ({ ...packet, qos, messageId }));
        else if (stream.writable) stream.write(generate({ ...packet, qos }));
        else throw await ended;
        return ACKNOWLEDGED;
      },
      async subscribe(filters, qos = 1) {
        const subscriptions = filters.map((topic) => ({ topic, qos }));
        return request("suback", (messageId) => ({ cmd: "subscribe", messageId, subscriptions }));
      },
      async unsubscribe(filters) {
        await request("unsuback", (messageId) => ({ cmd: "unsubscribe", messageId, unsubscriptions: [...filters] }));
      },
      ping,
      async close() {
        if (stream.writable) stream.end(DISCONNECT);
        await closed;
      },
      destroy() {
        channel.reset();
      },
    },
  };
}
