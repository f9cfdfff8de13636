export type {
  DeviceService,
  OpenDeviceService,
  ServiceAnswer,
  ServiceHost,
  ServiceMessage,
  ServiceWork,
  TopicHandler,
} from "./contracts.ts";
export { type FoundService, findServices, migrateServices, settingsOf } from "./load-services.ts";
export { type OpenServices, openServices, type ServicePlace } from "./open-services.ts";
