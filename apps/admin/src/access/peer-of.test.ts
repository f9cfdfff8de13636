import { expect, it } from "vitest";
import { peerOf } from "./peer-of.ts";

it("who sent a request is known by the address, and is nobody in particular when the connection is gone", () => {
  expect(peerOf({ ip: "192.0.2.7" })).toBe("192.0.2.7");
  expect(peerOf({ ip: undefined })).toBe("unknown");
});
