import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeTempFolder } from "@trine/testkit/servers";
import { expect, it } from "vitest";
import { openAdminKey } from "./admin-key.ts";

it("a key that is set is taken, unless it could be guessed or not be sent", () => {
  const key = randomBytes(12).toString("base64");
  expect(openAdminKey(key, "/nowhere")).toMatchObject({ isNew: false });
  expect(openAdminKey(key, "/nowhere").secret.reveal()).toBe(key);
  for (const given of ["admin", "x".repeat(15), "correct horse battery staple", `${key}\n`, `${key}\u00e9`])
    expect(() => openAdminKey(given, "/nowhere"), given).toThrow(/^TRINE_ADMIN_KEY has to be 16 characters/);
});

it("without one the first start makes one that only its owner reads, and later starts find it", async () => {
  const folder = await makeTempFolder("admin-key");
  try {
    const made = openAdminKey(undefined, join(folder.path, "data"));
    const file = join(folder.path, "data", "admin-key");
    expect(made.isNew).toBe(true);
    expect(readFileSync(file, "utf8").trim()).toBe(made.secret.reveal());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const found = openAdminKey(undefined, join(folder.path, "data"));
    expect(found.isNew).toBe(false);
    expect(found.secret.reveal()).toBe(made.secret.reveal());
  } finally {
    await folder.remove();
  }
});
