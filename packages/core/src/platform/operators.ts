import type { AccessKeys, ApiKeys, OperatorSessions } from "../access/contracts.ts";
import type { Keys } from "../keys/contracts.ts";
import type { Downlink } from "../messaging/contracts.ts";
import type { DownlinkReports } from "../messaging/downlink/downlink-reports.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { UplinkLog } from "../ports/uplink-log.ts";
import type { Batches, Devices, Products, RegistrationLists, Revocation, Rotations } from "../registry/contracts.ts";
import type { Packages } from "../registry/packages/contracts.ts";
import type { X509Authorities, X509Certificates, X509Endings } from "../registry/x509/contracts.ts";

/** What operators and applications may ask of the gateway. Everything here throws when a store cannot answer. */
export interface Operators {
  readonly products: Products;
  readonly devices: Devices;
  readonly registrationLists: RegistrationLists;
  readonly batches: Batches;
  readonly packages: Packages;
  readonly rotations: Rotations;
  readonly revocation: Revocation;
  readonly x509: X509Certificates;
  readonly x509Authorities: X509Authorities;
  readonly x509Endings: X509Endings;
  readonly keys: Keys;
  readonly downlink: Downlink;
  readonly downlinkReports: DownlinkReports;
  readonly uplinkLog: UplinkLog;
  readonly audit: AuditLog;
  readonly apiKeys: ApiKeys;
  readonly accessKeys: AccessKeys;
  readonly operatorSessions: OperatorSessions;
}
