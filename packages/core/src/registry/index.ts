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
  Revocation,
  Revoked,
  Rotated,
  Rotations,
} from "./contracts.ts";
export { isProblem, PROBLEMS, type Problem, type ProblemCode, problem } from "./problem.ts";
export { ROTATION_GRACE } from "./rotations.ts";
