import type { Keychain } from "../keys/keychain.ts";
import type { SessionHolder } from "../messaging/contracts.ts";
import type { InFlight } from "../messaging/in-flight.ts";
import type { ControlCommand, ControlHandler, ControlReply } from "../ports/control-bus.ts";
import type { DeviceServices } from "../ports/device-services.ts";
import type { PlatformPorts } from "./platform-ports.ts";

/** Makes this node's answer to commands of other nodes, and of itself. */
export function createCommandHandler(deps: {
  caches: PlatformPorts["caches"];
  holders: SessionHolder;
  underWay: Pick<InFlight, "settled">;
  keychain: Pick<Keychain, "reload" | "hasMasterKey">;
  services: Pick<DeviceServices, "told">;
  /** A revocation came: what is being judged now has to be judged again. */
  onRevoke: () => void;
}): ControlHandler {
  const { caches, holders, underWay, keychain, services, onRevoke } = deps;

  async function revoke(command: Extract<ControlCommand, { kind: "revoke" }>): Promise<ControlReply> {
    // Memories first: a session that comes in after this is judged by the new state.
    for (const cache of caches) cache.evict(command.target);
    onRevoke();
    if (!command.close) return { closedSessions: 0 };
    const closedSessions = await holders.close(command.target, command);
    // What the device had handed over before is stored, or failed, before anybody is told that it is shut out.
    await underWay.settled(command.target);
    return { closedSessions };
  }

  return async (command) => {
    switch (command.kind) {
      case "revoke":
        return revoke(command);
      case "close_connection": {
        const { device, epoch, carriedBy } = command;
        return { closedSessions: await holders.closeOlder(device, epoch, carriedBy && { carriedBy }) };
      }
      case "wake":
        holders.wake(command.device);
        return { closedSessions: 0 };
      case "service": {
        const body = await services.told(command.service, command.body);
        return { closedSessions: 0, ...(body === undefined ? {} : { body }) };
      }
      case "reload_keys":
        await keychain.reload();
        return {
          closedSessions: 0,
          knowsKeys: command.masterKey === undefined || keychain.hasMasterKey(command.masterKey),
        };
      case "deliver": {
        const payload = Buffer.from(command.payload, "base64");
        return { closedSessions: 0, delivered: holders.deliver(command.device, { topic: command.topic, payload }) };
      }
    }
  };
}
