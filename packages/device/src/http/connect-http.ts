import { nodePskOptions, nodeTlsOptions } from "../channel/tls-options.ts";
import { signHttpLogin } from "../login/sign-http-login.ts";
import type { HttpConnection, HttpOptions } from "./http-connection.ts";
import { openHttp } from "./open-http.ts";

/**
 * Logs in over HTTP (wire-format 4). A request that meets an expired token logs in again, once, as the vendor's C SDK does.
 *
 * @throws DeviceError with the code of the body, or `closed`.
 */
export async function connectHttp({ tls, ...options }: HttpOptions): Promise<HttpConnection> {
  const { certificate, signMethod } = options;
  const secured = tls === "psk" ? nodePskOptions(certificate) : tls && nodeTlsOptions(tls);
  const loginBody = signHttpLogin(certificate, signMethod === undefined ? {} : { signMethod });
  const { connection } = await openHttp({ ...options, tls: secured }, loginBody);
  return connection;
}
