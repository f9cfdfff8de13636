import { defineConfig } from "drizzle-kit";

/** Where `pnpm migrations` reads the tables from, and where it puts what has to change. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./src/schema/*-tables.ts",
  out: "./migrations",
});
