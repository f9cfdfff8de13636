import { tlsSettings } from "@trine/ingress";
import { intSetting, portSetting, registrationSettings, textSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of the CoAP adapter. */
export const coapSettings = z.object({
  ...tlsSettings.shape,
  ...registrationSettings.shape,
  TRINE_DEVICE_HOST: textSetting("0.0.0.0", "Address that device listeners bind to."),
  TRINE_COAP_PORT: portSetting(5683, "CoAP without encryption (UDP). `0`: a free port, `off`: no listener."),
  TRINE_COAP_SYMMETRIC_PORT: portSetting(
    5682,
    "CoAP with AES in the payload (UDP). `0`: a free port, `off`: no listener.",
  ),
  TRINE_COAPS_PORT: portSetting(5684, "CoAP over DTLS 1.2 (UDP). `0`: a free port, `off`: no listener."),
  TRINE_COAPS_SESSIONS: intSetting(
    { fallback: 10_000, min: 1, max: 1_000_000 },
    "DTLS sessions and handshakes at once; one takes about 50 KB. A further device takes the place of one that has not logged in, or of the one that was silent for longest; if there is none, it is not answered.",
  ),
  TRINE_COAPS_HANDSHAKES: intSetting(
    { fallback: 1000, min: 1, max: 100_000 },
    "DTLS handshakes at once; further devices are not answered, and try again.",
  ),
  TRINE_COAPS_HELLOS_PER_SECOND: intSetting(
    { fallback: 200, min: 1 },
    "DTLS handshakes that one network address may begin within a second, and first greetings of it that are answered.",
  ),
  TRINE_COAPS_HANDSHAKE_SECONDS: intSetting({ fallback: 30, min: 1 }, "Time that a DTLS handshake may take."),
  TRINE_COAPS_LOGIN_SECONDS: intSetting(
    { fallback: 60, min: 1 },
    "Silence after which a DTLS session ends in which no device has proved itself yet.",
  ),
  TRINE_COAPS_IDLE_SECONDS: intSetting(
    { fallback: 3600, min: 1 },
    "Silence after which the DTLS session of a device ends; the device greets anew when it has something to say.",
  ),
  TRINE_COAPS_MTU: intSetting(
    { fallback: 1200, min: 512, max: 9000 },
    "Largest datagram of a DTLS handshake, in bytes of UDP payload.",
  ),
  TRINE_COAP_PAYLOAD_BYTES: intSetting(
    { fallback: 65_536, min: 1024, max: 1_048_576 },
    "Largest published payload. Above about 1 KB, the figure of one datagram, a device uploads it by Block1.",
  ),
  TRINE_COAP_REPEATS: intSetting(
    { fallback: 50_000, min: 1000 },
    "Answers kept to repeat them to a device that sends a message again; the oldest go first.",
  ),
  TRINE_COAP_IN_FLIGHT: intSetting(
    { fallback: 10_000, min: 1 },
    "Requests worked on at once; further ones are answered 5.03.",
  ),
  TRINE_COAP_UPLOADS: intSetting({ fallback: 1000, min: 1 }, "Block1 uploads under way at once; the oldest go first."),
  TRINE_COAP_UPLOAD_BYTES: intSetting(
    { fallback: 16_777_216, min: 1_048_576 },
    "Bytes that all Block1 uploads under way may hold together.",
  ),
  TRINE_COAP_UPLOAD_MS: intSetting({ fallback: 60_000, min: 1000 }, "Time between two blocks of one upload, in ms."),
  TRINE_COAP_OBSERVERS: intSetting(
    { fallback: 50_000, min: 0 },
    "Devices that may observe their mailboxes at once; a further one is answered as if it had not asked to.",
  ),
  TRINE_COAP_DOWNLOAD_BYTES: intSetting(
    { fallback: 16_777_216, min: 1_048_576 },
    "Bytes of all answers that are under way to devices by Block2 together; the oldest go first, and are made again.",
  ),
  TRINE_COAP_DOWNLOAD_MS: intSetting(
    { fallback: 60_000, min: 1000 },
    "Time between two blocks of one answer, in ms. A message that a device was notified of and has not fetched in this time is notified again.",
  ),
  TRINE_COAP_PIGGYBACK_MS: intSetting(
    { fallback: 1000, min: 10, max: 1900 },
    "Time in ms after which a request is acknowledged and its answer sent separately.",
  ),
});

export type CoapSettings = z.output<typeof coapSettings>;
