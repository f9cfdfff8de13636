import { defineConfig } from "drizzle-kit";

/** Where `SERVICE=shadow pnpm migrations --name tables` reads the tables of one service from, and where it puts what has to change. */
const folder = `./src/${process.env["SERVICE"]}`;

export default defineConfig({ dialect: "postgresql", schema: `${folder}/tables.ts`, out: `${folder}/migrations` });
