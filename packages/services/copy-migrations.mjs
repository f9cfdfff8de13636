// The compiler leaves the SQL of the services behind; it has to be beside what is built.
import { cpSync, existsSync, readdirSync } from "node:fs";

for (const name of readdirSync("src")) {
  const from = `src/${name}/migrations`;
  if (existsSync(from)) cpSync(from, `dist/${name}/migrations`, { recursive: true });
}
