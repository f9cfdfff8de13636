import { type SQL, sql } from "drizzle-orm";

type ColumnType = "text" | "bigint" | "boolean";

/**
 * Many rows as one parameter a column, to stand after `from` under the name `input`: the cheapest form for the database to read. A
 * property that is absent in a row is null.
 */
export function unnested<Row extends object>(
  rows: readonly Row[],
  columns: Readonly<Record<keyof Row & string, ColumnType>>,
): SQL {
  const names = Object.keys(columns) as (keyof Row & string)[];
  const values = names.map(
    (name) => sql`${sql.param(rows.map((row) => row[name] ?? null))}::${sql.raw(columns[name])}[]`,
  );
  const list = names.map((name) => sql.identifier(name));
  return sql`unnest(${sql.join(values, sql`, `)}) as input(${sql.join(list, sql`, `)})`;
}
