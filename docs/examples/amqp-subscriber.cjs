// Reads what devices sent over AMQP 1.0, and accepts it: node amqp-subscriber.cjs [count]
//
// Needs the package rhea. AMQP_HOST, AMQP_PORT, CA_FILE: the gateway. ACCESS_KEY_ID, ACCESS_KEY_SECRET: from `trine access-keys create`.
// CONSUMER_GROUP: whose position it goes on from; made when it is read first. Prints one line of JSON a message; ends after `count` of
// them, or never.
const { createHmac } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { hostname } = require("node:os");
const container = require("rhea");

const { AMQP_HOST = "localhost", AMQP_PORT = "5671", CA_FILE, ACCESS_KEY_ID, ACCESS_KEY_SECRET } = process.env;
const { CONSUMER_GROUP = "DEFAULT_GROUP" } = process.env;
const count = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);

const timestamp = Date.now();
const connection = container.connect({
  host: AMQP_HOST,
  port: Number(AMQP_PORT),
  transport: "tls",
  ...(CA_FILE ? { ca: readFileSync(CA_FILE) } : {}),
  reconnect: true,
  idle_time_out: 60_000,
  username: `${hostname()}|authMode=aksign,signMethod=hmacsha1,timestamp=${timestamp},authId=${ACCESS_KEY_ID},iotInstanceId=,consumerGroupId=${CONSUMER_GROUP}|`,
  password: createHmac("sha1", ACCESS_KEY_SECRET)
    .update(`authId=${ACCESS_KEY_ID}&timestamp=${timestamp}`)
    .digest("base64"),
});

connection.open_receiver({ autoaccept: false });

let received = 0;
container.on("message", ({ message, delivery }) => {
  received += 1;
  if (received > count) return;
  const { topic, messageId, generateTime, qos } = message.application_properties;
  const text = Buffer.from(message.body.content).toString();
  console.log(JSON.stringify({ topic, messageId, generateTime, qos, text }));
  // Only now: what is not accepted comes again.
  delivery.accept();
  if (received === count) connection.close();
});

container.on("connection_error", ({ error }) => {
  console.error(`${error.condition}: ${error.description}`);
  process.exitCode = 1;
});
container.on("disconnected", ({ error }) => console.error(`disconnected: ${error?.message ?? "by the gateway"}`));
