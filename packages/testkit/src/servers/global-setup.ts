import { randomBytes } from "node:crypto";
import { dropDatabases } from "./create-database.ts";
import { offerShared, type SharedPostgres } from "./shared-postgres.ts";
import { type PostgresServer, startPostgres } from "./start-postgres.ts";

/**
 * One Postgres server for a whole test run, started when a test first asks for it (`createTestDatabase`), so that a run of unit
 * tests does not pay for it. `TEST_DATABASE_URL` names one that runs already; what the run made there is dropped at its end.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const external = process.env["TEST_DATABASE_URL"];
  const prefix = `trine_test_${randomBytes(4).toString("hex")}_`;
  let own: PostgresServer | undefined;
  let used = false;
  const offer = await offerShared(async (): Promise<SharedPostgres> => {
    used = true;
    own = external === undefined ? await startPostgres() : undefined;
    return { url: own?.url ?? external ?? "", prefix };
  });
  return async () => {
    await offer.close();
    await own?.dispose();
    if (used && external !== undefined) await dropDatabases(external, prefix);
  };
}
