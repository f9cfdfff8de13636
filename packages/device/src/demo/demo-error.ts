/** A fault that its reader can mend: printed as one line, exit code 1. */
export class DemoError extends Error {}
