import { InvalidCursorError } from "@trine/core/ports";
import { parseNatsUrl } from "../../../../packages/nats/src/connection/parse-nats-url.ts";
import { createCursors } from "../../../../packages/postgres/src/cursor.ts";
import { formatUplinkId, parseUplinkId } from "../../../../packages/postgres/src/messaging/uplink-id.ts";
import { parseRedisUrl } from "../../../../packages/redis/src/connection/parse-redis-url.ts";
import { decodeControlMessage } from "../../../../packages/redis/src/control-message.ts";
import { idsByPartition } from "../../../../packages/redis/src/uplink/uplink-entry.ts";
import { must, pureTarget, throwsOnly } from "../fuzz-target.ts";
import { maybeMutate } from "../mutate.ts";
import { anyJson, anyText, keyText } from "../texts.ts";

const cursors = createCursors("devices", (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined));

/** Where a list goes on, as a client sends it back. */
export const listCursors = pureTarget<string>({
  name: "cursors",
  share: 30,
  make(random) {
    const text = Buffer.from(
      `${random.pick(["devices", "audit", ""])}:${random.once(2) ? random.word() % 1e9 : anyText(random)}`,
    ).toString("base64url");
    return random.once(4) ? anyText(random) : maybeMutate(random, Buffer.from(text)).toString();
  },
  check(text) {
    const key = throwsOnly(InvalidCursorError, () => cursors.read(text));
    if (key === undefined) return;
    const { nextCursor } = cursors.page([key, key], 1, { key: String, item: String });
    must(
      nextCursor === text || Buffer.from(text, "base64url").toString() !== `devices:${key}`,
      "a cursor was read in another spelling than it is written in",
    );
  },
});

/** Ids of messages, as a consumer acknowledges them. */
export const uplinkIds = pureTarget<string>({
  name: "uplink ids",
  share: 20,
  make: (random) =>
    random.once(3)
      ? anyText(random)
      : `${random.below(100)}${random.pick(["-", ":"])}${random.word()}${random.once(2) ? `-${random.below(9)}` : ""}`,
  check(text) {
    const place = parseUplinkId(text);
    must(place === undefined || Number(text.split("-")[1]) === place.position, "another position was read");
    if (place) must(formatUplinkId(place.partition, place.position).length <= text.length, "an id grew");
    for (const [partition, entries] of idsByPartition([text], 64))
      must(partition < 64 && entries.length === 1, "an id is of no partition");
  },
});

/** Commands between nodes. */
export const controlMessages = pureTarget<string>({
  name: "control messages",
  share: 10,
  make: (random) => (random.once(2) ? anyText(random, 80) : JSON.stringify(anyJson(random))),
  check: (text) => void decodeControlMessage(text),
});

/** Addresses of stores: what is refused is not told, for it may hold a password. */
export const storeUrls = pureTarget({
  name: "redis and nats urls",
  share: 30,
  make(random) {
    const password = keyText(random, 8, 16);
    const scheme = random.pick(["redis", "rediss", "redis+cluster", "redis+sentinel", "nats", "tls", "http", ""]);
    const hosts = random
      .times(random.between(1, 3), () => random.pick(["h", "h:1", "h:99999", "[::1]:2", "a b", "127.0.0.1:6379", ""]))
      .join(",");
    const text = `${scheme}://${random.pick(["", "u", "u%zz"])}:${password}@${hosts}${random.pick(["", "/", "/0", "/name", "/99999999", "?x=1"])}`;
    return { password, text: maybeMutate(random, Buffer.from(text), 3).toString() };
  },
  check({ password, text }) {
    for (const parse of [parseRedisUrl, parseNatsUrl]) {
      try {
        parse(text);
      } catch (error) {
        must(error instanceof TypeError, String(error));
        must(!error.message.includes(password), "the message holds the password");
      }
    }
  },
});
