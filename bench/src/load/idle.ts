import { readFileSync } from "node:fs";
import { connectMqtt, type DeviceCertificate } from "@trine/device";

// Opens idle MQTT connections, says so, and keeps them until it is killed: idle.ts PORT DEVICES.JSON [CA_FILE]
const [port = "0", file = "", caFile] = process.argv.slice(2);
const tls = caFile ? { tls: { ca: readFileSync(caFile) } } : {};
const certificates = JSON.parse(readFileSync(file, "utf8")) as readonly DeviceCertificate[];
const AT_ONCE = 50;

for (let at = 0; at < certificates.length; at += AT_ONCE) {
  await Promise.all(
    certificates.slice(at, at + AT_ONCE).map((certificate, index) =>
      connectMqtt({
        host: "127.0.0.1",
        port: Number(port),
        certificate,
        keepaliveSeconds: 1_200,
        localAddress: `127.0.0.${2 + (index % 8)}`,
        ...tls,
      }),
    ),
  );
}
console.log("connected");
setInterval(() => undefined, 60_000);
