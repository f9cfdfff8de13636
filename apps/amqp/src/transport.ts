/** What this adapter is called in logs and metrics. */
export const TRANSPORT = "amqp";
