// Runs the vendor's SDK as a program of its own, since Node reads NODE_EXTRA_CA_CERTS when it starts: vendor-device.mjs CONFIG TOPIC
// It posts a property, says what it was answered, waits for one message on TOPIC, says it and ends.
import { createRequire } from "node:module";

const sdk = createRequire(import.meta.url)("alibabacloud-iot-device-sdk");
const [config, topic] = process.argv.slice(2);
const device = sdk.device(JSON.parse(config));

device.on("error", (error) => {
  console.log(`error ${error.message ?? error}`);
  process.exit(1);
});
device.on("connect", () => {
  device.postProps({ temperature: 21.5 }, ({ code }) => {
    console.log(`posted ${code}`);
    device.subscribe(topic, { qos: 1 }, () => console.log("subscribed"));
  });
});
device.on("message", (on, payload) => {
  if (on !== topic) return;
  console.log(`message ${payload}`);
  device.end(false, () => process.exit(0));
});
