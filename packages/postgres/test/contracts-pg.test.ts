import { createTestDatabase } from "@trine/testkit/servers";
import { afterAll, beforeAll } from "vitest";
import { migrate, openPostgres } from "../src/index.ts";
import { describeSqlStores, type Opened } from "./contracts.ts";

let opened: Required<Opened> | undefined;

beforeAll(async () => {
  const url = await createTestDatabase();
  const onFault = (error: unknown) => console.error(error);
  const [database, second] = [await openPostgres({ url, onFault }), await openPostgres({ url, onFault })];
  opened = { database, second };
  await Promise.all([migrate(database), migrate(second), migrate(database)]);
});

afterAll(async () => {
  await opened?.database.close();
  await opened?.second.close();
});

describeSqlStores("Postgres", () => {
  if (!opened) throw new Error("the database is not open");
  return opened;
});
