import type { Section, Shadow } from "./shadow.ts";
import type { ShadowError } from "./shadow-error.ts";

/** What a device is answered (wire-format 8.2), all on one topic. */
export type ShadowAnswer =
  | { readonly is: "changed"; readonly version: number }
  | { readonly is: "shadow"; readonly shadow: Shadow }
  | ShadowError;

interface Frame {
  /** Seconds since 1970. */
  readonly now: number;
  /** As the device sent it. */
  readonly clientToken?: string | undefined;
}

/** The answer to a request of a device. */
export function shadowReply(answer: ShadowAnswer, { now, clientToken }: Frame): Buffer {
  const reply = { method: "reply", ...replyOf(answer), timestamp: now };
  const text = JSON.stringify(reply);
  // The token may be a number that a double cannot hold.
  return Buffer.from(clientToken === undefined ? text : `${text.slice(0, -1)},"clientToken":${clientToken}}`);
}

/** Tells a device what it is to be. Both sections are there, empty or not: a device in C takes what is reported for desired otherwise. */
export function controlMessage({ version, changedAt, reported, desired }: Shadow): Buffer {
  const payload = {
    status: "success",
    state: { reported: reported.state, desired: desired.state },
    metadata: { reported: metadataOf(reported), desired: metadataOf(desired) },
  };
  return Buffer.from(JSON.stringify({ method: "control", payload, version, timestamp: changedAt }));
}

function replyOf(answer: ShadowAnswer) {
  if ("errorcode" in answer) return { payload: { status: "error", content: answer } };
  if (answer.is === "changed") return { payload: { status: "success", version: answer.version } };
  const { version, reported, desired } = answer.shadow;
  // What is empty is not there: a device in C takes what is reported where nothing is desired.
  const sections = Object.entries({ reported, desired }).filter(([, { state }]) => Object.keys(state).length > 0);
  const state = Object.fromEntries(sections.map(([name, section]) => [name, section.state]));
  const metadata = Object.fromEntries(sections.map(([name, section]) => [name, metadataOf(section)]));
  return { payload: { status: "success", state, metadata }, version };
}

function metadataOf({ since }: Section): Readonly<Record<string, { timestamp: number }>> {
  return Object.fromEntries(Object.entries(since).map(([name, timestamp]) => [name, { timestamp }]));
}
