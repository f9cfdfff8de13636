import type { DeviceServices } from "../ports/device-services.ts";

/** Device services that are opened after what they stand on, which calls them. Until they are bound nobody is served. */
export interface LateServices extends DeviceServices {
  bind(services: DeviceServices): void;
}

export function createLateServices(): LateServices {
  let bound: DeviceServices | undefined;
  return {
    bind(services) {
      bound = services;
    },
    serves: (device, topic) => bound?.serves(device, topic) ?? false,
    async serve(session, message, carrier) {
      return bound?.serve(session, message, carrier);
    },
    opened: (session) => bound?.opened(session),
    async changing(device, action) {
      return (await bound?.changing?.(device, action)) ?? (async () => undefined);
    },
    async told(service, body) {
      return bound?.told(service, body);
    },
    async download(path) {
      return bound ? bound.download(path) : "missing";
    },
    evict: (target) => bound?.evict(target),
    clear: () => bound?.clear(),
  };
}
