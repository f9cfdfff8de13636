// Loaded into a process of Trine by `node --import`: notes every statement that it sends to Postgres, and how many rows came of it, as a
// line of JSON in the file STATEMENTS_FILE.
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";

const file = process.env.STATEMENTS_FILE ?? "";
// The driver that the stores use, not one of the tests' own.
const { Client } = createRequire(new URL("../../../packages/postgres/package.json", import.meta.url))("pg");
const query = Client.prototype.query;

Client.prototype.query = function noted(config, values, callback) {
  const text = typeof config === "string" ? config : config.text;
  const given = (Array.isArray(values) ? values : config.values) ?? [];
  const note = (result) => {
    if (result) appendFileSync(file, `${JSON.stringify({ text, values: given, rows: result.rowCount })}\n`);
  };
  const at = [config, values, callback].findIndex((each) => typeof each === "function");
  if (at < 0) {
    const answer = query.call(this, config, values, callback);
    answer?.then?.(note, () => undefined);
    return answer;
  }
  const args = [config, values, callback];
  const tell = args[at];
  args[at] = (error, result) => {
    note(result);
    tell(error, result);
  };
  return query.apply(this, args);
};
