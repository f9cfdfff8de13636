import { makeTempFolder, type TempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll } from "vitest";
import { migrate, openPglite } from "../src/index.ts";
import { describeSqlStores, type Opened } from "./contracts.ts";

let folder: TempFolder | undefined;
let opened: Opened | undefined;

beforeAll(async () => {
  folder = await makeTempFolder("pglite");
  opened = { database: await openPglite({ dataDir: folder.path }) };
  await migrate(opened.database);
});

afterAll(async () => {
  await opened?.database.close();
  await folder?.remove();
});

describeSqlStores("PGlite", () => {
  if (!opened) throw new Error("the database is not open");
  return opened;
});
