const brand: unique symbol = Symbol("service problem");

/** A "no" of a service to an operator, as a value (RFC 9457). */
export interface ServiceProblem {
  readonly [brand]: true;
  readonly status: 400 | 403 | 404 | 409 | 413 | 422 | 429 | 503 | 504;
  /** Stable, small letters and underscores. */
  readonly code: string;
  readonly title: string;
  /** What is wrong with this request, and what to do. */
  readonly detail?: string;
  /** The field that is wrong, as a path such as `items.3.name`. */
  readonly field?: string;
}

export function serviceProblem(of: Omit<ServiceProblem, typeof brand>): ServiceProblem {
  return { [brand]: true, ...of };
}

export function isServiceProblem(outcome: unknown): outcome is ServiceProblem {
  return typeof outcome === "object" && outcome !== null && brand in outcome;
}
