import { describe, expect, it } from "vitest";
import { signCoapLogin } from "./sign-coap-login.ts";
import { signHttpLogin } from "./sign-http-login.ts";
import { signMqttLogin } from "./sign-mqtt-login.ts";
import { signPsk } from "./sign-psk.ts";
import { registrationConnect, signRegistration } from "./sign-registration.ts";

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

describe("a registration", () => {
  const firmware = { productKey: "a1b2C3d4E5f", deviceName: "device_01", productSecret: "h1nQFYPZS0mWAbCd" };

  it("carries the signature of the C SDK (vectors dynreg-https-c320-A, dynreg-https-sha1-A)", () => {
    expect(signRegistration(firmware, { random: "8Ygb7ULYh53B6OA" }).sign.toUpperCase()).toBe(
      "F82B1DD8B34EFA81078EB627F7926FD9CD0A0DCE5BD04E47AA3C0963D1686FE3",
    );
    expect(signRegistration(firmware, { random: "k3x9f0z1qa", signMethod: "hmacsha1" }).sign).toBe(
      "f97ebc77eb6a79529d366e885c51056bf002c1d9",
    );
  });

  it("over MQTT is a CONNECT as the C SDK writes it (vector dynreg-mqtt-c320-A)", () => {
    const { clientId, username, password } = registrationConnect(signRegistration(firmware, { random: "CD34AB12" }));
    expect({ clientId, username }).toEqual({
      clientId: "a1b2C3d4E5f.device_01|authType=register,random=CD34AB12,signmethod=hmacsha256,securemode=2|",
      username: "device_01&a1b2C3d4E5f",
    });
    expect(password.toUpperCase()).toBe("6911AEFA6F7C7A84495682E72713BD86AC1C5221446E544056A7B98BA08656B1");
  });
});
