import {
  type DtlsEngine,
  EngineFault,
  type EngineFaultReason,
  type EngineSession,
} from "../../../../packages/dtls/src/engine/engine.ts";
import { readHelloStart } from "../../../../packages/dtls/src/wire/client-hello.ts";
import { HANDSHAKE, readHandshakeFragments } from "../../../../packages/dtls/src/wire/handshake-fragment.ts";
import { CONTENT, type DtlsRecord, readRecords } from "../../../../packages/dtls/src/wire/record.ts";
import { must } from "../fuzz-target.ts";
import { CLOSE_NOTIFY, FINISHED, PLAIN_SUITES, seal, unseal, writeFinished } from "./plain-protocol.ts";
import { writePiece, writeRecord } from "./write-records.ts";

/** An engine without cryptography, thousands of times as fast. It holds whoever drives it to what the port asks of him. */
export interface PlainEngine extends DtlsEngine {
  /** Sessions that were opened and not freed. */
  readonly alive: number;
}

const TICKS_A_FLIGHT = 2;
const MOST_TICKS = 8;
const MOST_KEY_BYTES = 256;

/** @param onHello is called with the body of the hello that a session begins with. */
export function createPlainEngine(onHello: (body: Buffer) => void): PlainEngine {
  let alive = 0;
  const freed = () => {
    alive -= 1;
  };
  return {
    get alive() {
      return alive;
    },
    useCertificate: () => undefined,
    openSession() {
      alive += 1;
      return openPlainSession(onHello, freed);
    },
  };
}

function openPlainSession(onHello: (body: Buffer) => void, freed: () => void): EngineSession {
  let output: Buffer[] = [];
  let flight: Buffer[] = [];
  let stage: "new" | "key" | "proof" | "finished" | "closed" | "failed" | "freed" = "new";
  let suite = "";
  let key: Buffer = Buffer.alloc(0);
  let hasExchanged = false;
  let ticks = 0;

  function expectUse(): void {
    must(stage !== "freed", "a session was used that was freed");
    must(stage !== "failed", "a session was used that its engine gave up");
  }

  function giveUp(reason: EngineFaultReason): never {
    output.push(writeRecord({ type: CONTENT.alert, epoch: 0, body: Buffer.of(2, 40) }));
    stage = "failed";
    throw new EngineFault(reason, "given up");
  }

  function begin(datagram: Buffer): void {
    const body = onlyHello(datagram);
    onHello(body);
    const offered = suiteOf(body);
    if (offered === undefined) giveUp("protocol");
    const known = PLAIN_SUITES[offered];
    if (!known) giveUp("no_shared_suite");
    suite = known.name;
    stage = known.isPsk ? "key" : "proof";
    flight = [2, 14].map((type) => writePiece({ type, messageSequence: 1, body: Buffer.alloc(40) }));
    output.push(...flight);
  }

  /** @returns application data. Whatever does not belong here is ignored. */
  function take(record: DtlsRecord): Buffer | undefined {
    const { type, epoch, body } = record;
    const isSecured = stage === "finished";
    hasExchanged ||= readHandshakeFragments(record).some((piece) => piece.type === HANDSHAKE.clientKeyExchange);
    if (type === CONTENT.alert && body.length === 2 && epoch === (isSecured ? 1 : 0)) {
      if (!isSecured || !body.equals(CLOSE_NOTIFY)) return giveUp("alert");
      stage = "closed";
    } else if (type === CONTENT.handshake && epoch === 0 && stage === "proof" && body.length < 12) {
      return giveUp("protocol");
    } else if (type === CONTENT.handshake && epoch === 1 && stage === "proof") {
      if (!hasExchanged || !body.equals(Buffer.concat([Buffer.of(FINISHED), key]))) return undefined;
      stage = "finished";
      output.push(writeFinished(key));
    } else if (type === CONTENT.application && epoch === 1 && isSecured) {
      return unseal(body);
    }
    return undefined;
  }

  return {
    feed(datagram) {
      expectUse();
      must(stage !== "key", "a session was fed before it had its key");
      if (stage === "new") {
        begin(datagram);
        return [];
      }
      return readRecords(datagram)
        .map(take)
        .filter((plain) => plain !== undefined);
    },
    takeOutput() {
      must(stage !== "freed", "a session was used that was freed");
      const taken = output;
      output = [];
      return taken;
    },
    write(plain) {
      expectUse();
      must(stage === "finished", "something was said in a session that had not begun");
      output.push(seal(plain));
    },
    tick() {
      expectUse();
      if (stage === "finished") return;
      ticks += 1;
      if (ticks > MOST_TICKS) giveUp("protocol");
      if (ticks % TICKS_A_FLIGHT === 0) output.push(...flight);
    },
    shutdown() {
      expectUse();
      output.push(writeRecord({ type: CONTENT.alert, epoch: 1, body: CLOSE_NOTIFY }));
    },
    free() {
      must(stage !== "freed", "a session was freed twice");
      stage = "freed";
      freed();
    },
    wantsPsk() {
      expectUse();
      return stage === "key";
    },
    setPsk(given) {
      expectUse();
      must(stage === "key", "a key was given to a session that wanted none");
      must(given.length > 0 && given.length <= MOST_KEY_BYTES, "a key is too long");
      key = given;
      stage = "proof";
    },
    isFinished() {
      expectUse();
      return stage === "finished" || stage === "closed";
    },
    isClosed() {
      expectUse();
      return stage === "closed";
    },
    suite() {
      expectUse();
      return suite;
    },
    peerCertificates() {
      expectUse();
      return [];
    },
  };
}

/** The port promises the hello as one whole message in one record, and nothing else. */
function onlyHello(datagram: Buffer): Buffer {
  const [record, ...more] = readRecords(datagram);
  const [hello, ...others] = record ? readHandshakeFragments(record) : [];
  must(hello?.type === HANDSHAKE.clientHello, "a session began with something else than a hello");
  must(more.length + others.length === 0, "something stands behind the hello");
  must(hello.offset === 0 && hello.body.length === hello.length, "a session began with a piece of a hello");
  must(datagram.length === 25 + hello.length, "bytes stand around the hello");
  return hello.body;
}

/** The first suite of a hello. */
function suiteOf(body: Buffer): number | undefined {
  const start = readHelloStart(body);
  const at = start ? start.head.length + 1 + start.cookie.length + 2 : body.length;
  return at + 2 <= body.length ? body.readUInt16BE(at) : undefined;
}
