import type { X509Store } from "@trine/core/ports";
import type { SqlDatabase } from "../database/sql-database.ts";
import { createSqlAuthorities } from "./authorities.ts";
import { createSqlCertificates } from "./certificates.ts";
import { createSqlEndings } from "./endings.ts";
import { createFindStanding } from "./find-standing.ts";

/** Certificates of devices in SQL. */
export function createSqlX509Store(database: SqlDatabase): X509Store {
  return {
    findStanding: createFindStanding(database),
    ...createSqlCertificates(database),
    ...createSqlAuthorities(database),
    ...createSqlEndings(database),
  };
}
