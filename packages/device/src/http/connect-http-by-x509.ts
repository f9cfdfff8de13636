import { nodeTlsOptions, type TlsOptions, type X509Identity } from "../channel/tls-options.ts";
import type { HttpConnection } from "./http-connection.ts";
import { type LoginInfo, openHttp } from "./open-http.ts";

/** How a device connects that has an X.509 certificate in place of a secret. */
export interface HttpX509Options {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions & { readonly x509: X509Identity };
}

/** A device that was told who it is. */
export interface HttpX509Connection extends HttpConnection {
  readonly device: { readonly productKey: string; readonly deviceName: string };
}

/**
 * Logs in over HTTPS with a client certificate and an empty login (wire-format 2.10): the gateway says who the device is.
 *
 * @throws DeviceError with the code of the body, or `closed`.
 */
export async function connectHttpByX509({ host, port, tls }: HttpX509Options): Promise<HttpX509Connection> {
  const target = { host, port, tls: nodeTlsOptions(tls) };
  const { connection, info } = await openHttp<LoginInfo & HttpX509Connection["device"]>(target, "{}");
  const { productKey, deviceName } = info;
  return Object.assign(connection, { device: { productKey, deviceName } });
}
