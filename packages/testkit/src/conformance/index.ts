export type {
  AdapterDriver,
  AdapterUnderTest,
  DeviceSession,
  ExpectedCodes,
  LoginAnswer,
  LoginRequest,
} from "./adapter-driver.ts";
