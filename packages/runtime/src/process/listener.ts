import type { AddressInfo, Server } from "node:net";
import { listenError } from "./start-error.ts";

/**
 * Listens, and tells the port that was taken.
 *
 * @throws StartError that names `setting` when the port cannot be had.
 */
export function listenOn(
  server: Server,
  where: { host: string; port: number; setting: string; backlog?: number },
): Promise<number> {
  return new Promise((done, fail) => {
    server.once("error", (error) => fail(listenError(error, where.setting, where.port)));
    server.listen(
      { host: where.host, port: where.port, ...(where.backlog === undefined ? {} : { backlog: where.backlog }) },
      () => done((server.address() as AddressInfo).port),
    );
  });
}
