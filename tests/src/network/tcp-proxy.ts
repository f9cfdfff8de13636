import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A wire between a client and a server that a test can cut or slow down. Nothing that was sent is ever dropped: as on a real network, TCP delivers it late. */
export interface TcpProxy {
  readonly port: number;
  /** Bytes pass at once; what was held goes first. */
  pass(): void;
  /** A black hole: connections stay open, new ones open too, and nothing comes through in either direction until `pass` or `delay`. */
  cut(): void;
  /** Every byte takes this much longer, in each direction. */
  delay(ms: number): void;
  dispose(): Promise<void>;
}

/** Opens a wire to a port of this machine. */
export async function openTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  let gate = openGate();

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: targetPort, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    client.setNoDelay(true);
    carry(client, upstream);
    carry(upstream, client);
  });

  /** One direction of one connection: everything, its end included, arrives in order, after the delay, and not while the wire is cut. */
  function carry(from: Socket, to: Socket): void {
    sockets.add(from);
    let tail: Promise<unknown> = Promise.resolve();
    const later = (deliver: () => void) => {
      const due = performance.now() + delayMs;
      tail = tail
        .then(() => sleepUntil(due))
        .then(() => gate.opened)
        .then(deliver);
    };
    from.on("data", (bytes) => later(() => to.writable && to.write(bytes)));
    from.once("end", () => later(() => to.end()));
    from.once("error", () => from.destroy());
    from.once("close", (hadError) => {
      sockets.delete(from);
      if (hadError) later(() => to.resetAndDestroy());
      else later(() => to.destroySoon());
    });
  }

  function change(cut: boolean, ms: number): void {
    delayMs = ms;
    if (!cut) gate.open();
    else if (gate.isOpen()) gate = closedGate();
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: address !== null && typeof address === "object" ? address.port : 0,
    pass: () => change(false, 0),
    cut: () => change(true, 0),
    delay: (ms) => change(false, ms),
    async dispose() {
      server.close();
      for (const socket of sockets) socket.destroy();
      gate.open();
    },
  };
}

interface Gate {
  readonly opened: Promise<void>;
  isOpen(): boolean;
  open(): void;
}

function closedGate(): Gate {
  let isOpen = false;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((done) => {
    open = () => {
      isOpen = true;
      done();
    };
  });
  return { opened, isOpen: () => isOpen, open: () => open() };
}

function openGate(): Gate {
  const gate = closedGate();
  gate.open();
  return gate;
}

function sleepUntil(due: number): Promise<void> | undefined {
  const left = due - performance.now();
  return left > 0 ? new Promise((done) => setTimeout(done, left)) : undefined;
}
