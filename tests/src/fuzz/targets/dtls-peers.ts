import { readRecords } from "../../../../packages/dtls/src/wire/record.ts";
import { oddDatagram } from "../dtls/odd-datagram.ts";
import type { PlainClient } from "../dtls/plain-client.ts";
import { unseal } from "../dtls/plain-protocol.ts";
import { arrive, type Scene, STRANGER, setScene, UNREACHED_RATE } from "../dtls/scene.ts";
import { type FuzzTarget, must } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";

const [PSK, CERTIFICATES, UNKNOWN] = [0x008c, 0xc02b, 0x1301] as const;
const MOST_HANDSHAKES = 10;
/** Flights of a handshake: without a cookie, with one, with the proof. */
const FLIGHTS = 3;

/**
 * What the server's side of DTLS does with its peers, without cryptography: many come, go, come again, send in pieces and out of order, return
 * cookies of others and old ones, while strangers send what they like and keys are found late, wrong or not at all.
 */
export const dtlsPeers: FuzzTarget = {
  name: "dtls peers",
  share: 20,
  open: () => ({
    run(random, note) {
      if (random.once(4)) beCalm(random, note);
      else storm(random, note);
    },
  }),
};

/** Everything is lost, spoiled, repeated, readdressed or late now and then. */
function storm(random: RandomSource, note: (seen: unknown) => void): void {
  const hellosPerSecond = random.pick([2, UNREACHED_RATE, UNREACHED_RATE]);
  const scene = setScene(random, note, {
    limits: { sessions: random.between(1, 4), handshakes: random.between(1, 4), hellosPerSecond },
    suites: [PSK, PSK, CERTIFICATES, CERTIFICATES, UNKNOWN],
    identityBytes: [0, 0, 128, 129],
    clients: random.between(1, 8),
  });
  for (let step = random.between(5, 60); step > 0; step -= 1) {
    const client = scene.any();
    random.pick(STEPS)(random, scene, client);
    scene.deliver((datagram) => {
      if (random.once(15)) return undefined;
      return random.once(25) ? mutate(random, datagram) : datagram;
    });
    scene.answer((key) => {
      if (random.once(8)) return "later";
      return random.once(10) ? random.pick([undefined, random.bytes(16)]) : key;
    });
  }
  scene.fronts.end(random.once(4) ? "stop" : "idle");
}

/** Nothing is lost or spoiled: everybody gets in and is understood, whatever strangers send meanwhile. */
function beCalm(random: RandomSource, note: (seen: unknown) => void): void {
  const scene = setScene(random, note, {
    limits: { sessions: 4, handshakes: 4, hellosPerSecond: UNREACHED_RATE },
    suites: [PSK, CERTIFICATES],
    identityBytes: [0, 128],
    clients: random.between(1, 4),
  });
  const interfere = (datagram: Buffer) => {
    if (random.once(3)) scene.send(random.once(2) ? datagram : oddDatagram(random, datagram), STRANGER);
  };
  for (let flight = 0; flight < FLIGHTS; flight += 1)
    for (const client of scene.clients) arrive(scene, client, interfere);
  const { watched } = scene.fronts;
  must(watched.open.size === scene.clients.length, "not everybody got in");
  for (const client of scene.clients) {
    must(client.isOpen, "somebody does not know that he got in");
    const [said = Buffer.alloc(0)] = client.speak();
    scene.send(said, client.at);
    const plain = unseal(readRecords(said)[0]?.body ?? Buffer.alloc(0));
    must(watched.told.at(-1)?.endsWith(` says ${plain?.toString("hex")}`) === true, "what was said was not heard");
  }
  scene.fronts.end("idle");
}

type Step = (random: RandomSource, scene: Scene, client: PlainClient) => void;

const sayOverBadLine: Step = (random, { send }, client) => {
  for (const datagram of client.speak()) {
    if (random.once(12)) continue;
    const from = random.once(25) ? STRANGER : client.at;
    const arrived = random.once(12) ? mutate(random, datagram) : datagram;
    for (let times = random.once(12) ? 2 : 1; times > 0; times -= 1) send(arrived, from);
  }
};

/** Comes in, and maybe begins to come in once more. */
const getIn: Step = (random, scene, client) => {
  for (let flight = 0; flight < FLIGHTS; flight += 1) arrive(scene, client);
  if (random.once(2)) comeAgain(random, scene, client);
};

/** Says hello anew, with a cookie as well, beside the session that there may be. */
const comeAgain: Step = (random, scene, client) => {
  client.restart();
  for (let flight = random.below(FLIGHTS); flight > 0; flight -= 1) arrive(scene, client);
};

const sayOddly: Step = (random, { send }, client) => {
  const [sound = Buffer.alloc(0)] = client.speak();
  send(oddDatagram(random, sound), random.once(3) ? STRANGER : client.at);
};

/** With the cookie of another one, or within his session. */
const sayWhatOthersSay: Step = (_random, { any, send }, client) => {
  for (const datagram of any().speak()) send(datagram, client.at);
};

const letTimePass: Step = (random, { fronts }) => fronts.pass(random.pick([100, 1_100, 6_000, 25_000, 35_000, 70_000]));

const rotateCookies: Step = (_random, { fronts }) => fronts.rotateCookies();

/** Whoever owns the front asks something of it, of a session that there is or is not. */
const ask: Step = (random, { fronts }) => {
  const id = random.between(1, MOST_HANDSHAKES);
  const plain = random.bytes(random.length(1_200));
  const what = random.pick(["end", "vouch", "vouch", "send", "send"] as const);
  fronts.each((front) => (what === "send" ? front.send(id, plain) : front[what](id)));
};

const STEPS: readonly [Step, ...Step[]] = [
  sayOverBadLine,
  sayOverBadLine,
  sayOverBadLine,
  sayOverBadLine,
  getIn,
  comeAgain,
  sayOddly,
  sayWhatOthersSay,
  letTimePass,
  rotateCookies,
  ask,
  ask,
];
