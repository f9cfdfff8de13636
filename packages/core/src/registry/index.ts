export { DEVICE_FACTS } from "./check-device-facts.ts";
export type {
  Actor,
  Batches,
  BatchRequest,
  ChangedProduct,
  DeviceCertificate,
  Devices,
  Product,
  Products,
  RegistrationLists,
  Revocation,
  Revoked,
  Rotated,
  Rotations,
  SecretMode,
} from "./contracts.ts";
export type { MadePackage, PackageOrder, Packages, ReceiptNoted } from "./packages/contracts.ts";
export { PACKAGE_LIFE } from "./packages/packages.ts";
export { isProblem, PROBLEMS, type Problem, type ProblemCode, problem } from "./problem.ts";
export { ROTATION_GRACE } from "./rotations.ts";
export { MAX_AUTHORITIES } from "./x509/authorities.ts";
export { X509_VALID_DAYS } from "./x509/certificates.ts";
export type { IssuedX509, X509Authorities, X509Certificates, X509Endings, X509Order } from "./x509/contracts.ts";
