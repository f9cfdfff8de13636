import { type Firmware, registrationConnect, signRegistration } from "@trine/device";
import type { Installation } from "../../src/installation.ts";
import { bodyOf, connectOverTls, postForm } from "../../src/self-registering.ts";
import { openUdp } from "../../src/send-bytes.ts";
import { requestOf } from "../coap-cases.ts";
import type { Canaries } from "./canaries.ts";

interface Handed {
  readonly clientId: string;
  readonly deviceToken: string;
}

/** Has devices register themselves, so that there is something to leak, and log in with what they were handed. */
export async function registerDevices(
  trine: Installation,
  firmware: Omit<Firmware, "deviceName">,
  canaries: Canaries,
): Promise<void> {
  const listed = signRegistration({ ...firmware, deviceName: "canary_02" }, { random: "canary" });
  canaries.add("signature of a registration", listed.sign);
  const answer = bodyOf(await postForm(trine, String(new URLSearchParams({ ...listed }))));
  const { data } = JSON.parse(answer) as { data: { deviceSecret: string } };
  canaries.add("DeviceSecret that was handed out", data.deviceSecret);

  const unlisted = signRegistration({ ...firmware, deviceName: "canary_03" }, { random: "canary" });
  canaries.add("signature of a CONNECT that registers", unlisted.sign);
  const { text = "" } = await connectOverTls(trine, registrationConnect(unlisted, "regnwl"));
  const { clientId, deviceToken } = JSON.parse(text) as Handed;
  canaries.add("device token", deviceToken);
  const login = {
    clientId: `${clientId}|authType=connwl,securemode=-2|`,
    username: `canary_03&${firmware.productKey}`,
  };
  const { code } = await connectOverTls(trine, { ...login, password: deviceToken }, false);
  if (code !== 0) throw new Error(`the token was refused with ${code}`);
  // A token in the wrong place, and one that is not whole.
  for (const wrong of [
    { ...login, password: `${deviceToken}00` },
    { ...login, username: deviceToken, password: deviceToken },
    { clientId: `${deviceToken}|authType=connwl|`, username: login.username, password: deviceToken },
  ])
    await connectOverTls(trine, wrong);
}

/** Sends registrations that are refused, with true secrets where somebody might put them by mistake. @returns what came back. */
export async function refuseRegistrations(
  trine: Installation,
  firmware: Omit<Firmware, "deviceName">,
  misplaced: readonly string[],
): Promise<Buffer[]> {
  const { ports } = trine;
  const signed = signRegistration({ ...firmware, deviceName: "canary_04" }, { random: "canary" });
  const form = String(new URLSearchParams({ ...signed }));
  const answers: string[] = [];
  const plain = await fetch(`http://127.0.0.1:${ports.http}/auth/register/device?${form}`, {
    method: "POST",
    body: form,
  });
  answers.push(await plain.text());
  for (const secret of [firmware.productSecret, ...misplaced]) {
    for (const given of [{ sign: secret }, { signMethod: secret }, { random: secret }])
      answers.push(
        await postForm(trine, String(new URLSearchParams({ ...signed, ...given } as Record<string, string>))),
      );
    const connect = registrationConnect({ ...signed, random: secret });
    answers.push(JSON.stringify(await connectOverTls(trine, connect)));
    answers.push(JSON.stringify(await connectOverTls(trine, { ...connect, password: secret })));
  }
  const udp = await openUdp(ports.coap);
  const { signMethod: signmethod, ...rest } = signed;
  const payload = Buffer.from(JSON.stringify({ signmethod, ...rest }));
  const refused = await udp.send(requestOf({ path: ["auth", "register", "device"], payload }));
  udp.close();
  return [...answers.map((text) => Buffer.from(text)), refused];
}
