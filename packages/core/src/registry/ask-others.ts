import type { Clock, Timer } from "../ports/clock.ts";
import type { ControlBus, ControlCommand, ControlReply } from "../ports/control-bus.ts";
import type { DeviceDirectory } from "../ports/device-directory.ts";

/** What asking other nodes stands on. */
export interface AskDeps {
  readonly nodeId: string;
  readonly directory: Pick<DeviceDirectory, "liveNodes">;
  readonly bus: Pick<ControlBus, "send">;
  readonly clock: Clock;
  readonly timer: Timer;
  /** How long a node may take to acknowledge: longer than a lease, so that one that says nothing has lost it. */
  readonly timeoutMs: number;
}

/** What a node said; no reply when it lost its lease, or said nothing for as long as it may. */
export interface Answer {
  readonly node: string;
  readonly reply: ControlReply | undefined;
}

/** How long to wait for one answer, and how soon to ask again. */
const ANSWER_MS = 1_000;
const AGAIN_MS = 50;

/** Makes what asks every other live node, each until it answers, its lease is over, or the time is. @throws when a store cannot answer. */
export function createAskOthers(deps: AskDeps): (command: ControlCommand) => Promise<readonly Answer[]> {
  const { nodeId, directory, bus, clock, timer, timeoutMs } = deps;

  async function ask(node: string, command: ControlCommand): Promise<ControlReply | undefined> {
    const endsAt = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = endsAt - clock.monotonicMs();
      const reply = await bus.send(node, command, Math.min(leftMs, ANSWER_MS));
      if (reply || endsAt <= clock.monotonicMs()) return reply;
      if (!(await directory.liveNodes()).includes(node)) return undefined;
      await new Promise<void>((done) => timer.after(AGAIN_MS, done));
    }
  }

  return async (command) => {
    const others = (await directory.liveNodes()).filter((node) => node !== nodeId);
    return Promise.all(others.map(async (node) => ({ node, reply: await ask(node, command) })));
  };
}
