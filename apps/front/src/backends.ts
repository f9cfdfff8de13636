import { connect, type Socket } from "node:net";
import { StartError } from "@trine/runtime";

/** Processes that one kind of connection is handed on to. */
export interface Backends {
  /**
   * Connects to one of them, each in turn; one that does not accept is passed over.
   *
   * @returns `undefined` when none accepts.
   */
  connect(): Promise<Socket | undefined>;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * @param list `host:port`, several with commas between; an IPv6 address in brackets.
 * @throws StartError that names `setting` when it is none.
 */
export function createBackends(list: string, { setting, withinMs }: { setting: string; withinMs: number }): Backends {
  const addresses = list.split(",").map((each) => parseAddress(each.trim(), setting));
  let turn = 0;
  return {
    async connect() {
      const first = turn;
      turn = (turn + 1) % addresses.length;
      for (let step = 0; step < addresses.length; step += 1) {
        const address = addresses[(first + step) % addresses.length];
        const socket = address && (await tryConnect(address, withinMs));
        if (socket) return socket;
      }
      return undefined;
    },
  };
}

function parseAddress(text: string, setting: string): Address {
  const [, inBrackets, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = inBrackets ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535))
    throw new StartError(`${setting}: "${text}" is no address such as mqtt:1883`);
  return { host, port };
}

function tryConnect({ host, port }: Address, withinMs: number): Promise<Socket | undefined> {
  return new Promise((done) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const give = (outcome: Socket | undefined) => {
      clearTimeout(timer);
      socket.off("connect", succeed).off("error", fail);
      if (!outcome) socket.destroy();
      done(outcome);
    };
    const succeed = () => give(socket);
    const fail = () => give(undefined);
    const timer = setTimeout(fail, withinMs);
    socket.once("connect", succeed).once("error", fail);
  });
}
