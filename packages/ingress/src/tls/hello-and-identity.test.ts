import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createIdentityReader } from "./identity-reader.ts";
import { readHello } from "./read-hello.ts";
import { ALL_SUITES, meansPreSharedKey } from "./suites.ts";

/** A ClientHello that offers these suites, in records of `each` bytes. */
function hello(suites: readonly number[], each = 16_384): Buffer {
  const list = Buffer.alloc(2 + suites.length * 2);
  list.writeUInt16BE(suites.length * 2);
  for (const [index, suite] of suites.entries()) list.writeUInt16BE(suite, 2 + index * 2);
  const body = Buffer.concat([Buffer.alloc(34, 3), Buffer.of(0), list, Buffer.of(1, 0)]);
  return records(message(1, body), each);
}

function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type, 0, body.length >> 8, body.length & 255), body]);
}

function records(bytes: Buffer, each: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += each) {
    const part = bytes.subarray(at, at + each);
    parts.push(Buffer.of(0x16, 3, 3, part.length >> 8, part.length & 255), part);
  }
  return Buffer.concat(parts);
}

function keyExchange(identity: string): Buffer {
  const body = Buffer.alloc(2 + identity.length);
  body.writeUInt16BE(identity.length);
  body.write(identity, 2, "latin1");
  return message(16, body);
}

describe("a ClientHello", () => {
  it.each([16_384, 20, 7])("is read from records of %i bytes", (each) => {
    expect(readHello(hello([0x008c, 0x003d], each))).toEqual({ is: "hello", suites: [0x008c, 0x003d] });
  });

  it("is waited for while it is not whole, and of any bytes none is read", () => {
    const whole = hello([0x008c]);
    for (let length = 1; length < whole.length; length += 1)
      expect(readHello(whole.subarray(0, length)).is).toBe("partial");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(["partial", "unreadable", "hello"]).toContain(readHello(Buffer.from(bytes)).is);
      }),
    );
  });

  it("of the SDKs means their key only where they offer no certificate", () => {
    expect(meansPreSharedKey([0x008c], ALL_SUITES)).toBe(true);
    expect(meansPreSharedKey([0x1301, 0x008c], ALL_SUITES)).toBe(true);
    // As the C SDK 2.3.0 lists them, without having a key.
    expect(meansPreSharedKey([0x003d, 0x0035, 0x0095, 0x008d, 0x00ae, 0x008c, 0x00ff], ALL_SUITES)).toBe(false);
    expect(meansPreSharedKey([0xc02f], ALL_SUITES)).toBe(false);
  });
});

describe("the identity of a pre-shared key", () => {
  it("is found however the bytes are cut, and every byte passes once, in order", () => {
    const bytes = Buffer.concat([
      hello([0x008c]),
      records(keyExchange("devicename|x"), 5),
      Buffer.of(0x14, 3, 3, 0, 1, 1),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), (cuts) => {
        const read = createIdentityReader();
        const passed: Buffer[] = [];
        let identity: string | undefined;
        let isDone = false;
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const chunk = bytes.subarray(at, at + (cuts[turn % Math.max(1, cuts.length)] ?? 9));
          at += chunk.length;
          if (isDone) {
            passed.push(chunk);
            continue;
          }
          const progress = read(chunk);
          if (progress.is === "reading") passed.push(...progress.pass);
          else {
            isDone = true;
            ({ identity } = progress);
            passed.push(progress.rest);
          }
        }
        expect(identity).toBe("devicename|x");
        expect(Buffer.concat(passed).equals(bytes)).toBe(true);
      }),
    );
  });

  it("is none in any other bytes, of which nothing is lost", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), (bytes) => {
        const progress = createIdentityReader()(Buffer.from(bytes));
        const out = progress.is === "done" ? progress.rest : Buffer.concat(progress.pass);
        expect(Buffer.from(bytes).subarray(0, out.length).equals(out)).toBe(true);
      }),
    );
  });
});
