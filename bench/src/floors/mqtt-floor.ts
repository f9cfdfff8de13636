import { createServer } from "node:net";
import { Aedes } from "aedes";
import { isGenuine } from "./floor-devices.ts";

// The bare engine: aedes, the same wire work and HMAC, nothing stored.
const broker = await Aedes.createBroker({
  authenticate(client, username, password, done) {
    const [deviceName = "", productKey = ""] = (username ?? "").split("&");
    const clientId = client.id.slice(0, client.id.indexOf("|"));
    done(null, isGenuine({ productKey, deviceName, clientId, sign: String(password) }));
  },
});
const server = createServer(broker.handle);
server.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ msg: "ready", ports: { port: (server.address() as { port: number }).port } })),
);
