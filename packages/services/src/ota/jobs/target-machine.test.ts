import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  nextState,
  OPEN_STATES,
  TARGET_EVENTS,
  TARGET_STATES,
  type TargetEvent,
  type TargetState,
  TRANSITIONS,
} from "./target-machine.ts";

const CELL = /^[a-z_]+$/;

/** The table of docs/services.md: a row for each state, a column for each event. */
function documented(): Record<string, Record<string, string>> {
  const text = readFileSync(new URL("../../../../../docs/services.md", import.meta.url), "utf8");
  const lines = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")));
  const head = lines.find((cells) => cells[1] === "state") ?? [];
  const rows = lines.filter(
    (cells) => TARGET_STATES.some((state) => cells[1] === state) && cells.length === head.length,
  );
  return Object.fromEntries(
    rows.map((cells) => [
      cells[1],
      Object.fromEntries(
        head
          .map((event, at) => [event, cells[at] ?? ""])
          .filter(([event, cell]) => event !== "state" && CELL.test(cell ?? "")),
      ),
    ]),
  );
}

describe("the states of a device in a job", () => {
  it("follow the table of the documentation", () => {
    expect(documented()).toEqual(TRANSITIONS);
  });

  it("are open until they are done, failed or cancelled", () => {
    expect(OPEN_STATES).toEqual(["queued", "sending", "offered", "updating"]);
  });

  it("end well by the version alone, end for ever but for a late success, and come around no more often than allowed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...TARGET_EVENTS), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (events, most) => {
          let state: TargetState = "queued";
          let made = 0;
          for (const event of events) {
            const next: TargetState | undefined = nextState(state, event, { made, most });
            if (next === undefined) continue;
            if (event === "taken") made += 1;
            expect(made).toBeLessThanOrEqual(most);
            if (next === "done") expect(event).toBe<TargetEvent>("confirmed");
            if (event === "confirmed") expect(next).toBe("done");
            expect(["done", "cancelled"]).not.toContain(state);
            if (state === "failed") expect(next).toBe("done");
            if (event === "cancelled") expect(next).toBe("cancelled");
            state = next;
          }
          // Whatever happened: time alone ends it.
          for (let at = 0; at < 3 * most + 3 && OPEN_STATES.includes(state); at += 1) {
            const event = state === "queued" ? "taken" : state === "sending" ? "sent" : "timed_out";
            if (event === "taken") made += 1;
            state = nextState(state, event, { made, most }) ?? state;
          }
          expect(OPEN_STATES).not.toContain(state);
        },
      ),
    );
  });
});
