declare const implementation: unique symbol;

/**
 * What a service does for other services and for programs of the gateway, by a name of its own. Whoever offers it exports the port beside its
 * type, so that whoever asks gets what was offered.
 */
export interface ServicePort<T> {
  readonly name: string;
  readonly [implementation]?: T;
}

/** A port with what stands behind it. */
export interface Offer {
  readonly port: ServicePort<unknown>;
  readonly implementation: unknown;
}

/** @param name the service's. */
export function servicePort<T>(name: string): ServicePort<T> {
  return { name };
}

export function offer<T>(port: ServicePort<T>, implementation: T): Offer {
  return { port, implementation };
}
