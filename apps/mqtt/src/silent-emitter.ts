type Done = () => void;

/**
 * Stands in for the engine's in-process publish and subscribe: it takes every subscription and every message, and delivers nothing.
 *
 * Messages go to the uplink log and come from the mailbox. What no connection shares, a slow one cannot block.
 */
export function createSilentEmitter() {
  const emitter = {
    on(_topic: string, _listener: unknown, done?: Done) {
      done?.();
      return emitter;
    },
    removeListener(_topic: string, _listener: unknown, done?: Done) {
      done?.();
      return emitter;
    },
    emit(_packet: unknown, done?: Done) {
      done?.();
      return emitter;
    },
    close(done?: Done) {
      done?.();
    },
  };
  return emitter;
}
