// Registers a device by the vendor's SDK, as a program of its own, since Node reads NODE_EXTRA_CA_CERTS when it starts: vendor-register.mjs CONFIG
// It prints what the SDK's callback was given.
import { createRequire } from "node:module";

const sdk = createRequire(import.meta.url)("alibabacloud-iot-device-sdk");
const [config] = process.argv.slice(2);

sdk.register(JSON.parse(config), (answer) =>
  console.log(JSON.stringify(answer instanceof Error ? { error: answer.message } : answer)),
);
