// Writes docs/configuration.md; run from the root of the repository by `npm run docs:settings`.
import { writeFileSync } from "node:fs";
import { settingsReference } from "./settings-reference.ts";

writeFileSync("docs/configuration.md", settingsReference());
