import { type Logger, pino } from "pino";

export type { Logger };

/** The process's log: one line of JSON an event, on standard output. */
export function createLogger(options: { service: string; level: string }): Logger {
  return pino({
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // A second net under the rule that no secret is handed to the log at all.
    redact: [
      "*.deviceSecret",
      "*.productSecret",
      "*.token",
      "*.password",
      "deviceSecret",
      "productSecret",
      "token",
      "password",
    ],
  });
}
