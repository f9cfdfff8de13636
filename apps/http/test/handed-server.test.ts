import { once } from "node:events";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createHandedServer, type HandedServer } from "../src/handed-server.ts";
import { httpSettings } from "../src/index.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const ANSWER_BYTES = 100_000;

let server: HandedServer;

beforeEach(() => {
  server = createHandedServer(httpSettings.parse({ TRINE_HTTP_REQUEST_SECONDS: "1" }));
  server.serve((_request, response) => response.end(Buffer.alloc(ANSWER_BYTES)));
});
afterEach(async () => {
  server.closeAll();
  await server.close();
});

/** A connection whose other end reads, or does not. */
function aConnection({ reads }: { reads: boolean }) {
  let got = 0;
  const stream = new Duplex({
    read: () => undefined,
    write(bytes: Buffer, _encoding, done) {
      got += bytes.length;
      if (reads) setImmediate(done);
    },
  });
  server.accept({ stream, peer: "192.0.2.7", security: "none" });
  stream.push(REQUEST);
  return { stream, got: () => got };
}

it("a device that does not read its answer is cut when it has had as long as for a request", async () => {
  const { stream } = aConnection({ reads: false });
  await once(stream, "close");
  expect(stream.destroyed).toBe(true);
});

it("one that reads keeps its connection, and may ask again", async () => {
  const { stream, got } = aConnection({ reads: true });
  await expect.poll(got).toBeGreaterThan(ANSWER_BYTES);
  await new Promise((done) => setTimeout(done, 1_200));
  stream.push(REQUEST);
  await expect.poll(got).toBeGreaterThan(2 * ANSWER_BYTES);
  expect(stream.destroyed).toBe(false);
});
