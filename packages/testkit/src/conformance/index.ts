export type {
  AdapterDriver,
  AdapterUnderTest,
  DeviceSession,
  ExpectedCodes,
  LoginAnswer,
  LoginRequest,
  ReceivedMessage,
  RegisterAnswer,
  RegisterRequest,
} from "./adapter-driver.ts";
export { ANSWERING_SERVICES } from "./answering-services.ts";
export { countMacs } from "./count-macs.ts";
export { describeAdapter } from "./describe-adapter.ts";
export { type Faults, StoreDownError } from "./faulty-store.ts";
export { createRecordingRecorder, type RecordingRecorder } from "./recording-recorder.ts";
export { createRememberingLookup, type RememberingLookup } from "./remembering-lookup.ts";
export { createTestPlatform, type TestPlatform, type TestPlatformOptions } from "./test-platform.ts";
