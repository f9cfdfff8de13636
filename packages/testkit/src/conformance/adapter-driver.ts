import type { DeviceRef, SignMethod } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";

/**
 * How the conformance scenarios reach one adapter. Each adapter implements it in `apps/NAME/test/driver.ts` and runs all scenarios by
 * one line in `apps/NAME/test/conformance.test.ts`: `describeAdapter(driver)`.
 *
 * The driver speaks the adapter's real wire with a plain client; it holds no expectation of its own. What differs between protocols
 * is said once, in `expected`.
 */
export interface AdapterDriver {
  /** The label that the adapter gives its attempts (`AuthAttempt.transport`). */
  readonly transport: string;
  /** Starts the adapter over `platform`, on the loopback and free ports, with limits on rates off. */
  start(platform: Platform): Promise<AdapterUnderTest>;
  /** Payload sizes in bytes around the adapter's limit: the largest that is allowed, and one that is not. */
  readonly payloadBytes: { readonly allowed: number; readonly oversized: number };
  /** How a logged-in device gets its messages: over the connection that it holds, or by asking with its token. */
  readonly delivery: "pushed" | "fetched";
  /** What `code` must be in each situation, in the driver's own spelling. */
  readonly expected: ExpectedCodes;
}

/** One entry per situation: the exact `code` of the answer to a login or to a publish. */
export interface ExpectedCodes {
  readonly login: {
    readonly accepted: string;
    /** Wrong secret, unknown device and deleted device alike. */
    readonly badCredentials: string;
    readonly disabled: string;
    /** The product's policy does not let this transport in. */
    readonly notAllowed: string;
    readonly malformed: string;
    readonly unavailable: string;
  };
  /** Only with `register`. */
  readonly registration?: {
    readonly accepted: string;
    readonly badSignature: string;
    readonly off: string;
    readonly unknownDevice: string;
    readonly alreadyActive: string;
    readonly unavailable: string;
  };
  readonly publish: {
    readonly accepted: string;
    /** A topic of another device. MQTT acknowledges and drops: then this equals `accepted`, and the scenario looks into the log. */
    readonly foreignTopic: string;
    readonly oversized: string;
    /** The uplink log cannot answer. Must not be an acknowledgement. */
    readonly unavailable: string;
    /** The device was disabled after its login. */
    readonly revoked: string;
  };
}

/** A registration of a device by itself, as its firmware holds it. */
export interface RegisterRequest {
  readonly device: DeviceRef;
  /** In clear; what the signature is keyed with. */
  readonly productSecret: string;
}

/** What the wire said to a registration. */
export interface RegisterAnswer {
  readonly code: string;
  /** As `LoginAnswer.raw`. */
  readonly raw: string;
  /** The secret that was handed over. */
  readonly deviceSecret?: string;
}

/** A started adapter. */
export interface AdapterUnderTest {
  /** Registers once, on a connection or socket of its own that the adapter takes for encrypted. Absent: its protocol has no registration. */
  register?(request: RegisterRequest): Promise<RegisterAnswer>;
  /** Logs in once, as a device would that has these values, on a connection or socket of its own. Answers, never throws, for any refusal. */
  login(login: LoginRequest): Promise<LoginAnswer>;
  /** Closes the clients that are left and the adapter. */
  stop(): Promise<void>;
}

export interface LoginRequest {
  readonly device: DeviceRef;
  /** In clear, as the firmware holds it; what the MAC is keyed with. */
  readonly deviceSecret: string;
  /** Default hmacsha256. */
  readonly signMethod?: SignMethod;
  /** Spoil the request so that it cannot be parsed (no sign, no product): never a MAC that is merely wrong. */
  readonly malformed?: boolean;
}

/** What the wire said to a login. */
export interface LoginAnswer {
  readonly accepted: boolean;
  /** The protocol's code: CONNACK return code, the code in the body, the response code; `"closed"` when only the connection ended. */
  readonly code: string;
  /**
   * Everything that the gateway sent, as hex or text, for comparison byte for byte. What the client itself chose and the gateway must
   * echo (CoAP message id and token) or what is a clock (HTTP `Date`) is blanked, and nothing else.
   */
  readonly raw: string;
  /** The logged-in device, if accepted. */
  readonly session?: DeviceSession;
}

/** A device that is logged in. */
export interface DeviceSession {
  /**
   * Publishes with QoS 1, or as reliably as the protocol can, and waits for the answer.
   * `code` is `"closed"` when the connection ended instead. Never throws.
   */
  publish(message: { topic: string; payload: Buffer }): Promise<{ code: string }>;
  /** Says that the device wants messages on this topic, where the protocol has it say so. */
  listen(topic: string): Promise<void>;
  /**
   * The next message for the device, which is not acknowledged by that. `undefined` when none comes within `waitMs`, when it is refused
   * or the connection ends. Never throws.
   */
  receive(waitMs: number): Promise<ReceivedMessage | undefined>;
  /** Resolves when the gateway closed the connection. Absent where a login leaves no connection, only a token. */
  readonly closed?: Promise<void>;
  /** Ends it from the device's side. */
  close(): Promise<void>;
}

/** A message from an application, as it came. */
export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  acknowledge(): Promise<void>;
}
