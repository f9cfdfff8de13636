import { freePort, startNats, type TestServer } from "@trine/testkit/servers";

/** Three servers of one cluster. */
export interface NatsCluster {
  readonly url: string;
  readonly servers: readonly { readonly name: string; readonly server: TestServer }[];
  dispose(): Promise<void>;
}

/** Starts a NATS cluster of three servers with JetStream. */
export async function startNatsCluster(): Promise<NatsCluster> {
  const names = ["one", "two", "three"];
  const routes = await Promise.all(names.map(async () => `nats://127.0.0.1:${await freePort()}`));
  const servers = await Promise.all(
    names.map(async (name, i) => ({
      name,
      server: await startNats({
        args: [
          ...["--name", name, "--cluster_name", "trine", "--cluster", routes[i] ?? ""],
          ...["--routes", routes.join(",")],
        ],
      }),
    })),
  );
  return {
    url: `nats://${servers.map(({ server }) => `127.0.0.1:${server.port}`).join(",")}`,
    servers,
    async dispose() {
      await Promise.all(servers.map(({ server }) => server.dispose()));
    },
  };
}
