import { generate, type Option } from "coap-packet";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseDatagram } from "./parse-datagram.ts";

// Lengths and differences on either side of where RFC 7252 3.1 takes another byte.
const length = fc.constantFrom(0, 1, 12, 13, 14, 268, 269, 270, 600);
const anOption = fc
  .tuple(fc.constantFrom(1, 4, 11, 12, 61, 268, 269, 270, 2088, 2089, 2090), length)
  .map(([number, bytes]): Option => ({ name: String(number) as `${number}`, value: Buffer.alloc(bytes, "v") }));
const aPacket = fc.record({
  options: fc.array(anOption, { maxLength: 6 }),
  token: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  payload: length.map((bytes) => Buffer.alloc(bytes, "p")),
});

it("every well-formed message is read as it was written", () => {
  fc.assert(
    fc.property(aPacket, ({ options, token, payload }) => {
      const datagram = generate({ code: "POST", confirmable: true, messageId: 1, options, token, payload }, 65_507);
      const packet = parseDatagram(datagram);
      expect(packet).toMatchObject({ code: "0.02", messageId: 1, token, payload });
      expect(packet?.options.map(({ value }) => value.length)).toEqual(options.map(({ value }) => value.length));
    }),
  );
});

it("a message that is cut off within its options is not read", () => {
  fc.assert(
    fc.property(anOption, fc.nat(), ({ name, value }, at) => {
      const datagram = generate({ code: "POST", messageId: 1, options: [{ name, value }] });
      const cut = datagram.subarray(0, 5 + (at % Math.max(1, datagram.length - 5)));
      if (cut.length < datagram.length) expect(parseDatagram(cut)).toBeUndefined();
    }),
  );
});
