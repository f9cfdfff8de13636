import { type DeviceRef, deviceKey } from "../../certificate/names.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { TimelineKind } from "../../ports/timeline.ts";
import type { X509Record } from "../../ports/x509-store.ts";
import { isIssuedBy } from "../../x509/find-issuer.ts";
import { parseX509, type X509Facts } from "../../x509/parse-x509.ts";
import { readPem } from "../../x509/read-pem.ts";
import { drawSerialNumber, parseFingerprint } from "../../x509/serial-number.ts";
import { whyUnfit } from "../../x509/why-unfit.ts";
import type { Actor } from "../contracts.ts";
import { deviceNotFound } from "../devices.ts";
import { isProblem, type Problem, problem } from "../problem.ts";
import { recordAct } from "../record-act.ts";
import type { IssuedX509, X509Certificates, X509Order } from "./contracts.ts";
import { openOwnAuthority } from "./own-authority.ts";
import type { X509Deps } from "./x509-deps.ts";

/** How long certificates that Trine issues hold, in days. */
export const X509_VALID_DAYS = { default: 365, max: 20 * 365 } as const;

const DAY_MS = 86_400_000;
/** The clock of another node, or of a proxy that looks at it, may be behind. */
const EARLIER_MS = 300_000;

/** A key to be certified; with its private part when it was made here. */
interface Key {
  readonly publicKey: Buffer;
  readonly privateKey?: Secret;
}

/** What operators do with certificates of devices, over the store. State is committed first; then every node is told, and then the operator. */
export function createX509Certificates(deps: X509Deps): X509Certificates {
  const { x509, x509Issuer, registry, revocation, notes, clock, random } = deps;

  /** The certificate, if it is the device's. */
  async function findOf(device: DeviceRef, text: string): Promise<X509Record | Problem> {
    const fingerprint = parseFingerprint(text);
    const record = fingerprint === undefined ? undefined : await x509.find(fingerprint);
    return record && deviceKey(record.device) === deviceKey(device) ? record : certificateNotFound();
  }

  async function note(device: DeviceRef, { kind, actor, facts }: { kind: TimelineKind; actor: Actor; facts: Facts }) {
    const iotId = (await registry.findDevice(device))?.iotId;
    if (iotId === undefined) return;
    notes.note({ device, iotId, kind, atMs: clock.nowMs(), detail: { actor: actor.name, ...facts } });
  }

  /** Who of the CAs that the product trusts signed it: then their lists count for it as well. */
  async function issuerOf(device: DeviceRef, facts: X509Facts): Promise<Pick<X509Record, "issuerKeyHash">> {
    const authorities = (await x509.listAuthorities(device.productKey)).map(({ der }) => parseX509(der));
    const issuer = authorities.find((authority) => authority && isIssuedBy(facts, authority));
    return issuer ? { issuerKeyHash: issuer.keyHash } : {};
  }

  async function describeBound(
    device: DeviceRef,
    what: Parameters<X509Certificates["bind"]>[2],
  ): Promise<Pick<X509Record, "fingerprint" | "seen" | "der" | "issuerKeyHash"> | Problem> {
    if ("fingerprint" in what) {
      const fingerprint = parseFingerprint(what.fingerprint);
      return fingerprint === undefined
        ? problem("invalid", "fingerprint: SHA-256 of the certificate in DER, 64 hexadecimal digits", "fingerprint")
        : { fingerprint };
    }
    const der = readPem(what.certificate);
    const facts = der && parseX509(der);
    if (!facts) return problem("invalid", "certificate: no certificate in PEM that can be read", "certificate");
    // One that holds later may be bound today.
    const unfit = whyUnfit(facts, { as: "device", nowMs: Math.max(clock.nowMs(), facts.notBeforeMs) });
    if (unfit) return problem("invalid", `certificate: ${unfit}`, "certificate");
    return { ...knownOf(facts), ...(await issuerOf(device, facts)) };
  }

  async function keyFor({ request, keyType = "ec-p256" }: X509Order): Promise<Key | Problem> {
    if (request === undefined) return x509Issuer.createKey(keyType);
    if (request.length > MAX_REQUEST) return badRequest();
    const publicKey = await x509Issuer.readRequest(request);
    return publicKey ? { publicKey } : badRequest();
  }

  async function issue(
    actor: Actor,
    device: DeviceRef,
    order: { key: Key; validDays: number; follows?: string },
  ): Promise<IssuedX509 | Problem> {
    const { key, validDays, follows } = order;
    const { max } = X509_VALID_DAYS;
    if (!Number.isSafeInteger(validDays) || validDays < 1 || validDays > max)
      return problem("invalid", `a whole number from 1 to ${max}`, "validDays");
    const authority = await openOwnAuthority(deps, actor);
    const nowMs = clock.nowMs();
    const der = await x509Issuer.issue(authority, {
      device,
      publicKey: key.publicKey,
      serialNumber: drawSerialNumber(random),
      notBeforeMs: nowMs - EARLIER_MS,
      notAfterMs: Math.min(nowMs + validDays * DAY_MS, authority.facts.notAfterMs),
    });
    const facts = parseX509(der);
    const unfit = facts ? whyUnfit(facts, { as: "device", nowMs }) : "it cannot be read";
    if (!facts || unfit) return problem("invalid", `request: ${unfit}`, "request");
    const issuerKeyHash = authority.facts.keyHash;
    const record: X509Record = { ...knownOf(facts), device, origin: "issued", issuerKeyHash, createdAtMs: nowMs };
    const detail = { fingerprint: record.fingerprint, validDays, ...(follows === undefined ? {} : { follows }) };
    // Written before the certificate counts: nobody gets one that is not in the log.
    await recordAct(deps, actor, { action: "x509.issue", target: deviceKey(device), detail });
    if ((await x509.insert(record)) !== "inserted") return deviceNotFound();
    await note(device, { kind: "x509_issued", actor, facts: timelineFacts(record, follows ? { follows } : {}) });
    const { privateKey } = key;
    return { record, der, authority: authority.der, ...(privateKey ? { privateKey } : {}) };
  }

  return {
    async bind(actor, device, what) {
      const known = await describeBound(device, what);
      if (isProblem(known)) return known;
      const record: X509Record = { ...known, device, origin: "bound", createdAtMs: clock.nowMs() };
      const outcome = await x509.insert(record);
      if (outcome === "no_device") return deviceNotFound();
      if (outcome === "taken") return problem("x509_taken", "a device has this certificate already");
      const detail = { fingerprint: record.fingerprint };
      await recordAct(deps, actor, { action: "x509.bind", target: deviceKey(device), detail });
      await note(device, { kind: "x509_bound", actor, facts: timelineFacts(record) });
      return record;
    },
    async issue(actor, device, order) {
      if (!(await registry.findDevice(device))) return deviceNotFound();
      const key = await keyFor(order);
      if (isProblem(key)) return key;
      return issue(actor, device, { key, validDays: order.validDays ?? X509_VALID_DAYS.default });
    },
    async renew(actor, device, fingerprint, order) {
      const before = await findOf(device, fingerprint);
      if (isProblem(before)) return before;
      if (before.revokedAtMs !== undefined) return problem("invalid", "the certificate was revoked: issue another one");
      const key = order.request === undefined && order.keyType === undefined ? sameKey(before) : await keyFor(order);
      if (isProblem(key)) return key;
      const validDays = order.validDays ?? daysOf(before);
      return issue(actor, device, { key, validDays, follows: before.fingerprint });
    },
    async list(device) {
      return (await registry.findDevice(device)) ? x509.list(device) : deviceNotFound();
    },
    find: findOf,
    async revoke(actor, device, fingerprint, why) {
      const record = await findOf(device, fingerprint);
      if (isProblem(record)) return record;
      const isFirst = await x509.revoke(device, record.fingerprint, { atMs: clock.nowMs(), why });
      // Also when it was revoked before: whoever did that may not have got as far as this.
      const [revoked] = await Promise.all([
        revocation.revoke({ device }, { close: true }),
        recordAct(deps, actor, {
          action: "x509.revoke",
          target: deviceKey(device),
          detail: { fingerprint: record.fingerprint, why },
        }),
      ]);
      if (isFirst) await note(device, { kind: "x509_revoked", actor, facts: timelineFacts(record, { why }) });
      return revoked;
    },
  };
}

type Facts = Readonly<Record<string, string | number>>;

/** Longer ones are not looked at. */
const MAX_REQUEST = 32 * 1_024;

function knownOf({ fingerprint, subject, serialNumber, notBeforeMs, notAfterMs, der }: X509Facts) {
  return { fingerprint, seen: { subject: subject.text, serialNumber, notBeforeMs, notAfterMs }, der };
}

function timelineFacts({ fingerprint, seen }: X509Record, more: Facts = {}): Facts {
  return { fingerprint, ...(seen ? { notAfter: new Date(seen.notAfterMs).toISOString() } : {}), ...more };
}

/** The key of a certificate that is there in full. */
function sameKey({ der }: X509Record): Key | Problem {
  const facts = der && parseX509(der);
  if (!facts) return problem("invalid", "its key is not known here: give a request, or a kind of key", "request");
  return { publicKey: facts.handle.publicKey.export({ type: "spki", format: "der" }) };
}

function daysOf({ seen }: X509Record): number {
  if (!seen) return X509_VALID_DAYS.default;
  const days = Math.round((seen.notAfterMs - seen.notBeforeMs) / DAY_MS);
  return Math.min(Math.max(days, 1), X509_VALID_DAYS.max);
}

function badRequest(): Problem {
  return problem("invalid", "request: no certification request (PKCS #10) in PEM that its own key signed", "request");
}

function certificateNotFound(): Problem {
  return problem("x509_not_found", "the device has no certificate with this fingerprint");
}
