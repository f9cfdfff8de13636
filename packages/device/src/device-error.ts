/**
 * The gateway's "no", or the end of the line. `code` is what the wire said: the CONNACK return code (`"4"`), the code in an HTTP body
 * (`"20000"`), the CoAP response code (`"4.01"`); else `"closed"` (the connection ended), `"timeout"` or `"reset"`.
 */
export class DeviceError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "DeviceError";
    this.code = code;
  }
}
