const CRC16 = table(0xa001);
// The polynomial of ECMA-182, reflected: 0xC96C5795D7870F42.
const [CRC64_LOW, CRC64_HIGH] = tables64();

/** CRC-16/IBM, also called ARC: of one slice (wire-format 8.5). */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC16[(crc ^ byte) & 0xff] ?? 0);
  return crc;
}

/**
 * CRC-64 of ECMA-182 as files are checked by it (wire-format 8.5; the one that is also called XZ).
 *
 * @param before the checksum of what goes before `bytes`, in 16 hex digits; absent: nothing does.
 * @returns 16 hex digits.
 */
export function crc64(bytes: Uint8Array, before = "0000000000000000"): string {
  let high = ~Number.parseInt(before.slice(0, 8), 16) >>> 0;
  let low = ~Number.parseInt(before.slice(8), 16) >>> 0;
  for (const byte of bytes) {
    const at = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[at] ?? 0);
    high = (high >>> 8) ^ (CRC64_HIGH[at] ?? 0);
  }
  return [high, low].map((half) => (~half >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Whether a device means this CRC-64: written in decimal, as the vendor does, or in hex. */
export function isCrc64(told: string, crc: string): boolean {
  const value = BigInt(`0x${crc}`);
  const hex = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(told)?.[1];
  return (/^\d{1,20}$/.test(told) && BigInt(told) === value) || (hex !== undefined && BigInt(`0x${hex}`) === value);
}

function table(polynomial: number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
}

function tables64(): readonly [Uint32Array, Uint32Array] {
  const lows = new Uint32Array(256);
  const highs = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      const isOdd = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (isOdd) {
        low ^= 0xd7870f42;
        high ^= 0xc96c5795;
      }
    }
    lows[byte] = low;
    highs[byte] = high;
  }
  return [lows, highs];
}
