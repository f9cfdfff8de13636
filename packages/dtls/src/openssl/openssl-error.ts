import { EngineFault } from "../engine/engine.ts";
import { REASON_ALERTS, REASON_MASK, REASON_NO_SHARED_CIPHER } from "./constants.ts";
import type { OpenSsl } from "./symbols.ts";

const TEXT = Buffer.alloc(256);

/** What OpenSSL's error queue holds, as a fault; empties it. */
export function takeFault({ ERR_get_error, ERR_error_string_n, ERR_clear_error }: OpenSsl): EngineFault {
  const code = Number(ERR_get_error());
  ERR_error_string_n(code, TEXT, TEXT.length);
  ERR_clear_error();
  const reason = code & REASON_MASK;
  const word =
    reason === REASON_NO_SHARED_CIPHER
      ? "no_shared_suite"
      : reason >= REASON_ALERTS && reason < REASON_ALERTS + 256
        ? "alert"
        : "protocol";
  return new EngineFault(word, TEXT.toString("latin1", 0, TEXT.indexOf(0)));
}

/** @throws EngineFault when a call did not succeed. */
export function expectOne(openSsl: OpenSsl, result: number): void {
  if (result !== 1) throw takeFault(openSsl);
}
