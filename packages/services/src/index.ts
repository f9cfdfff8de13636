export type {
  DeviceService,
  OpenDeviceService,
  ServiceAnswer,
  ServiceHost,
  ServiceMessage,
  ServiceWork,
  TopicHandler,
} from "./contracts.ts";
export type { ServicePort } from "./kit/ports/service-port.ts";
export { type FoundService, findServices, migrateServices, settingsOf } from "./load-services.ts";
export { type OpenServices, openServices, type ServicePlace } from "./open-services.ts";
export { type RrpcCaller, type RrpcOutcome, rrpcPort } from "./rrpc/contracts.ts";
