import type { Client } from "aedes";
import type { DeviceConnection } from "./device-connection.ts";
import type { Link } from "./link.ts";

/** The open connections, as the engine names them: by its client, or by the client's id. */
export class Links {
  readonly #byId = new Map<string, Link>();
  readonly #byStream = new WeakMap<object, Link>();

  add(link: Link): void {
    this.#byId.set(link.id, link);
    this.#byStream.set(link.stream, link);
  }

  remove({ id }: Link): void {
    this.#byId.delete(id);
  }

  /** Also the link of a client that has left already. */
  of(client: Pick<Client, "conn">): Link | undefined {
    return this.#byStream.get(client.conn);
  }

  /** The device behind a client, if it is logged in. */
  connectionOf(client: Pick<Client, "conn">): DeviceConnection | undefined {
    return this.of(client)?.connection;
  }

  /** As `connectionOf`, by the id that the engine was given. */
  connectionById(id: string): DeviceConnection | undefined {
    return this.#byId.get(id)?.connection;
  }

  byId(id: string): Link | undefined {
    return this.#byId.get(id);
  }

  all(): readonly Link[] {
    return [...this.#byId.values()];
  }
}
