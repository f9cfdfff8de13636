export { type AmqpSettings, amqpSettings } from "./settings.ts";
export { type AmqpDeps, startAmqp } from "./start-amqp.ts";
