import Table from "cli-table3";

/** Prints rows as a table for people, or as JSON for programs. */
export function printRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  options: { json: boolean; columns: readonly string[] },
): void {
  if (options.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  if (rows.length === 0) {
    console.log("nothing here yet");
    return;
  }
  const table = new Table({ head: [...options.columns], style: { head: [], border: [] } });
  for (const row of rows) table.push(options.columns.map((column) => String(row[column] ?? "")));
  console.log(table.toString());
}

/** Prints one thing as aligned lines for people, or as JSON for programs. */
export function printFacts(facts: Readonly<Record<string, unknown>>, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(facts, null, 2));
    return;
  }
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  for (const [name, value] of Object.entries(facts)) {
    console.log(
      `${name.padEnd(width)}  ${typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? "")}`,
    );
  }
}
