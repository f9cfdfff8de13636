import { format, inspect } from "node:util";
import { expect, it } from "vitest";
import { isRefusal, recordedAuthenticator } from "../src/auth/index.ts";
import type { LoginDecision, Recorder } from "../src/ports/index.ts";
import { aGate } from "./a-gate.ts";
import { anAttempt, DEVICE, DEVICE_SECRET, STRANGER } from "./an-attempt.ts";

it("a login shows no deviceSecret, MAC, token or key in a log, however it is printed", async () => {
  const gate = aGate();
  gate.add(DEVICE, DEVICE_SECRET, { activated: false });
  const decisions: LoginDecision[] = [];
  const { authenticator, deps } = gate;
  const recorded = recordedAuthenticator(authenticator, { recorder: aRecorder(decisions), clock: deps.clock });
  const attempt = anAttempt({ keep: "token", sealedPayloads: true });
  const session = await recorded.authenticate(attempt);
  const wrong = await recorded.authenticate(anAttempt({ deviceSecret: "not the secret at all" }));
  const stranger = await recorded.authenticate(anAttempt({ device: STRANGER }));
  if (isRefusal(session) || !session.token || !session.sealing) return expect.fail("no sealed session");
  const resumed = await gate.resumer.resume(session.token.text.reveal(), attempt);

  const log = [attempt, session, resumed, wrong, stranger, decisions, [...gate.sessions], deps]
    .flatMap(everyPrint)
    .join("\n");

  expect(decisions.map(({ code }) => code)).toEqual(["ok", "bad_credentials", "bad_credentials"]);
  expect(log).toContain("device_01");
  for (const secret of [DEVICE_SECRET, "not the secret at all", session.token.text.reveal()])
    expect(log).not.toContain(secret);
  for (const bytes of [attempt.mac, session.sealing.key])
    for (const print of [...everyPrint(Buffer.from(bytes)), ...everyText(bytes)])
      expect(log).not.toContain(inner(print));
});

it("the search finds bytes that do print themselves", () => {
  const bytes = Buffer.from("b68c21278583d2a4cca359bbf6954779", "hex");
  const log = everyPrint({ mac: bytes }).join("\n");
  expect(everyPrint(bytes).some((print) => log.includes(inner(print)))).toBe(true);
});

/** Bytes as somebody might write them out on purpose. */
function everyText(bytes: Uint8Array): string[] {
  return (["hex", "base64", "base64url", "latin1"] as const).map((encoding) => Buffer.from(bytes).toString(encoding));
}

/** What is left of a printed buffer without its frame, which differs with the depth: `<Buffer b6 8c ...>` or `"data":[182,140,...]`. */
function inner(print: string): string {
  return /<Buffer ([0-9a-f ]+)/.exec(print)?.[1] ?? /\[([\d,]+)\]/.exec(print)?.[1] ?? print;
}

function everyPrint(value: unknown): string[] {
  return [
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: 12, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null }),
    format("%s %o %O %j", value, value, value, value),
  ];
}

function aRecorder(decisions: LoginDecision[]): Recorder {
  return {
    loginDecided: (decision) => void decisions.push(decision),
    fault: (_where, error) => expect.fail(String(error)),
    registrationDecided: () => undefined,
    uplinkDecided: () => {},
    downlinkChanged: () => {},
    serviceAnswered: () => {},
    connectionOpened: () => {},
    connectionClosed: () => {},
    dropped: () => {},
    nodeLost: () => undefined,
    handshakesDecided: () => undefined,
    timelineDropped: () => {},
    cloneSuspected: () => {},
  };
}
