import { constants } from "node:crypto";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from "node:tls";
import { type ChannelProof, createPskTurns, type PskKeys, type PskTry } from "@trine/core/auth";
import type { Recorder } from "@trine/core/ports";
import type { Metrics } from "@trine/runtime";
import type { TlsIdentity } from "../identity/tls-identity.ts";
import { presentedChain } from "./presented-chain.ts";
import { PskGate } from "./psk-gate.ts";
import { ALL_SUITES, MODERN_SUITES, meansPreSharedKey, PSK_SUITES } from "./suites.ts";

/** A channel after its handshake. */
export interface SecuredChannel {
  readonly stream: TLSSocket;
  readonly proof?: ChannelProof;
}

/** Speaks TLS for the adapters. */
export interface Terminator {
  /**
   * Does the server's part of a handshake over a stream from which nothing was read.
   *
   * @param offered suites of the client's hello.
   * @param peer address of the client.
   * @returns `undefined` when the handshake failed; the stream is closed then.
   */
  terminate(stream: Duplex, client: { offered: readonly number[]; peer: string }): Promise<SecuredChannel | undefined>;
  close(): void;
}

interface Deps {
  readonly identity: TlsIdentity;
  readonly legacy: boolean;
  readonly handshakeMs: number;
  readonly pskKeys: PskKeys;
  readonly recorder: Recorder;
  readonly metrics: Pick<Metrics, "tlsHandshakes" | "tlsSessions">;
}

/** Sessions are resumed within this server, whatever port they began on. */
const SESSION_CONTEXT = "trine";

/**
 * Makes what ends TLS. A client that can only mean its pre-shared key is spoken to in TLS 1.2 with that key, every other one with the
 * certificate, and is asked for one of its own, which it may withhold.
 */
export function createTerminator(deps: Deps): Terminator {
  const { identity, handshakeMs, recorder, metrics } = deps;
  const certificates = deps.legacy ? ALL_SUITES : MODERN_SUITES;
  const turns = createPskTurns(deps.pskKeys);
  const pskContext = createSecureContext({
    ciphers: withLevel(PSK_SUITES.openSsl),
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.2",
    // A resumed session would name a ticket in place of its device.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  let certificateContext = contextOf(identity, certificates.openSsl);
  const unwatch = identity.onChange(() => {
    certificateContext = contextOf(identity, certificates.openSsl);
  });

  async function byCertificate(stream: Duplex): Promise<SecuredChannel | undefined> {
    const socket = new TLSSocket(stream, {
      isServer: true,
      secureContext: certificateContext,
      requestCert: true,
      // Whose certificate it is, and whether it counts, is judged at the login.
      rejectUnauthorized: false,
    });
    if (!(await handshake(socket, "certificate"))) return undefined;
    const chain = presentedChain(socket);
    return { stream: socket, ...(chain ? { proof: { kind: "x509", chain } } : {}) };
  }

  async function byKey(stream: Duplex, peer: string): Promise<SecuredChannel | undefined> {
    let tried: PskTry | undefined;
    const gate = new PskGate(stream, async (identity) => {
      tried = identity === undefined ? undefined : await turns.find(identity, peer);
    });
    gate.on("error", (error) => recorder.fault("psk_lookup", error));
    const socket = new TLSSocket(gate, { isServer: true, secureContext: pskContext, ...onPsk(() => tried?.key) });
    if (!(await handshake(socket, "psk"))) {
      tried?.passTurn();
      return undefined;
    }
    if (!tried) return void socket.destroy();
    return { stream: socket, proof: tried.proof };
  }

  function handshake(socket: TLSSocket, way: string): Promise<boolean> {
    return new Promise((done) => {
      const end = (outcome: string) => {
        clearTimeout(timer);
        socket.off("secure", succeed).off("close", fail);
        metrics.tlsHandshakes.inc({ outcome });
        if (outcome !== "ok") socket.destroy();
        done(outcome === "ok");
      };
      const timer = setTimeout(() => end("late"), handshakeMs);
      const fail = () => end(`${way}_failed`);
      const succeed = () => {
        metrics.tlsSessions.inc({ version: socket.getProtocol() ?? "", suite: socket.getCipher().standardName });
        end("ok");
      };
      socket.once("secure", succeed).once("close", fail);
      socket.on("error", () => socket.destroy());
    });
  }

  return {
    terminate: (stream, { offered, peer }) =>
      meansPreSharedKey(offered, certificates) ? byKey(stream, peer) : byCertificate(stream),
    close: unwatch,
  };
}

function contextOf(identity: TlsIdentity, ciphers: string): SecureContext {
  const { chain, key } = identity.current();
  const options: SecureContextOptions = {
    cert: chain,
    key,
    ciphers: withLevel(ciphers),
    minVersion: "TLSv1.2",
    honorCipherOrder: true,
    sessionIdContext: SESSION_CONTEXT,
  };
  return createSecureContext(options);
}

/** HMAC-SHA1, which old suites are made with, does not pass the level that newer OpenSSL starts with. */
function withLevel(ciphers: string): string {
  return `${ciphers}:@SECLEVEL=1`;
}

/** What node calls in the midst of the handshake; its types know it only of servers. */
function onPsk(key: () => Buffer | undefined): object {
  return { pskCallback: () => key() ?? null };
}
