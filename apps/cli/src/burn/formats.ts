import type { Triple } from "./open-package.ts";

/** How certificates are written for what burns them. Nothing in them needs quoting: names and secrets hold neither quotes nor commas. */
export const FORMATS = {
  /** One object a line. */
  json: (triples) => triples.map((triple) => `${JSON.stringify(triple)}\n`).join(""),
  csv: (triples) =>
    ["ProductKey,DeviceName,DeviceSecret", ...triples.map((triple) => Object.values(triple).join(","))]
      .join("\n")
      .concat("\n"),
  /** With the names that the samples of the C SDK use. */
  "c-header": (triples) => triples.map(cHeader).join("\n"),
  /** For the NVS partition generator of ESP-IDF, with the names that the vendor's port for Espressif chips reads. */
  "esp-nvs": (triples) => triples.map(espNvs).join("\n"),
} as const satisfies Record<string, (triples: readonly Triple[]) => string>;

export type Format = keyof typeof FORMATS;

/** Formats that describe one device a file. */
export const SINGLE_FORMATS: readonly Format[] = ["c-header", "esp-nvs"];

function cHeader({ productKey, deviceName, deviceSecret }: Triple): string {
  return `#define PRODUCT_KEY "${productKey}"\n#define DEVICE_NAME "${deviceName}"\n#define DEVICE_SECRET "${deviceSecret}"\n`;
}

function espNvs({ productKey, deviceName, deviceSecret }: Triple): string {
  const value = (key: string, text: string) => `${key},data,string,${text}\n`;
  return `key,type,encoding,value\naliyun-key,namespace,,\n${value("DeviceName", deviceName)}${value("DeviceSecret", deviceSecret)}${value("ProductKey", productKey)}`;
}
