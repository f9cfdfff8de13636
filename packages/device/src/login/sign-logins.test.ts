import { describe, expect, it } from "vitest";
import { signCoapLogin } from "./sign-coap-login.ts";
import { signHttpLogin } from "./sign-http-login.ts";
import { signMqttLogin } from "./sign-mqtt-login.ts";
import { signPsk } from "./sign-psk.ts";

// Identity A of the vectors.
const CERTIFICATE = {
  productKey: "a1b2C3d4E5f",
  deviceName: "device_01",
  deviceSecret: "ga7XA6KdlEeiPXQPpRbAjOZXwG8yAbcd",
};

describe("a login", () => {
  it("over MQTT carries the signature of the C SDK (vector mqtt-c320-tcp-A)", () => {
    expect(signMqttLogin(CERTIFICATE, { timestamp: "2524608000000" })).toEqual({
      clientId: "a1b2C3d4E5f.device_01|securemode=3,signmethod=hmacsha256,timestamp=2524608000000|",
      username: "device_01&a1b2C3d4E5f",
      password: "b68c21278583d2a4cca359bbf6954779272586cd99b5334ae8af57654a4a1867",
    });
  });

  it("over MQTT says when the device will not subscribe", () => {
    expect(signMqttLogin(CERTIFICATE, { implicitSubscriptions: true }).clientId).toMatch(/,_ss=1\|$/);
  });

  it("over HTTP carries the signature of the C SDK (vector http-auth-c320-A)", () => {
    expect(JSON.parse(signHttpLogin(CERTIFICATE, { signMethod: "hmacsha1" }))).toEqual({
      version: "default",
      clientId: "a1b2C3d4E5f.device_01",
      signmethod: "hmacsha1",
      sign: "bf5ca47c9136ee17fda9c039b132f94b62007d59",
      productKey: "a1b2C3d4E5f",
      deviceName: "device_01",
    });
  });

  it("over CoAP signs the number too (vector coap-auth-c320-A)", () => {
    expect(JSON.parse(signCoapLogin(CERTIFICATE, { signMethod: "hmacmd5", seq: "39" }))).toMatchObject({
      sign: "e5b9f636996159cb1193085b0bc37ace",
      seq: "39",
    });
  });

  it("with a pre-shared key uses the hex text as the key (vector psk-A)", () => {
    const { identity, key } = signPsk(CERTIFICATE);
    expect(identity).toBe("devicename|hmacsha256|a1b2C3d4E5f&device_01|2524608000000");
    expect(key.toString()).toBe("C23C6244A83512178DC4F7F930E27A0718D7F2A0C44371929C5B3CE1A7B5775C");
  });
});
