import { networkOf } from "./network-of.ts";

/** Where a device is, and as what: a network and what tells devices in it apart. */
export interface Place {
  readonly network: string;
  /** The clientId of a connection, the session of a token. */
  readonly client: string;
}

/** What an identifier may take of a trail. */
const MAX_CLIENT = 64;

/** Writes a place as one text, the same for the same place; it holds no control character. */
export function writePlace(peer: string, client: string): string {
  return `${networkOf(peer)} ${client.replace(/\p{Cc}/gu, "?").slice(0, MAX_CLIENT)}`;
}

/** Reads what `writePlace` wrote. No network holds a space. */
export function readPlace(text: string): Place {
  const space = text.indexOf(" ");
  return { network: text.slice(0, space), client: text.slice(space + 1) };
}
