import { expect, it } from "vitest";
import { createUndo } from "./undo.ts";

it("undoes the newest first, every step, and then tells the first failure", async () => {
  const undone: string[] = [];
  const undo = createUndo();
  undo.add(async () => undone.push("first"));
  undo.add(async () => {
    throw new Error("second failed");
  });
  undo.add(async () => undone.push("third"));
  await expect(undo.run()).rejects.toThrow("second failed");
  expect(undone).toEqual(["third", "first"]);
});
