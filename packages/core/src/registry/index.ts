export { DEVICE_FACTS } from "./check-device-facts.ts";
export type {
  Actor,
  Batches,
  BatchRequest,
  DeviceCertificate,
  Devices,
  Product,
  Products,
  Revocation,
  Revoked,
} from "./contracts.ts";
export { isProblem, PROBLEMS, type Problem, type ProblemCode, problem } from "./problem.ts";
