import { describe, expect, it } from "vitest";
import type { ProductKey } from "../certificate/names.ts";
import type { GroupInfo } from "../ports/uplink-log.ts";
import { createGroupScope } from "./group-scope.ts";
import type { Grant } from "./role.ts";

const [A, B, C] = ["productA", "productB", "productC"] as ProductKey[] as [ProductKey, ProductKey, ProductKey];

const FLEET: Grant = { role: "operator" };
const ONE: Grant = { role: "operator", products: [A] };
const TWO: Grant = { role: "operator", products: [A, B] };

describe("the scope of groups", () => {
  let asked = 0;
  let nowMs = 0;
  const groups = [aGroup("all", undefined), aGroup("a", A), aGroup("c", C)];
  const scope = createGroupScope({
    log: {
      listGroups: async () => {
        asked += 1;
        return groups;
      },
    },
    clock: { monotonicMs: () => nowMs },
  });

  it("shows a limited key the groups of its products, and others all", () => {
    expect(scope.visible(groups, FLEET)).toHaveLength(3);
    expect(scope.visible(groups, TWO).map(({ group }) => group)).toEqual(["a"]);
  });

  it("binds a read to what was asked for, or to the only product of the key", () => {
    expect(scope.productToRead(A, FLEET)).toEqual({ productKey: A });
    expect(scope.productToRead(undefined, FLEET)).toEqual({ productKey: undefined });
    expect(scope.productToRead(undefined, ONE)).toEqual({ productKey: A });
    expect(scope.productToRead(undefined, TWO)).toBe("name_a_product");
    expect(scope.productToRead(C, TWO)).toBe("out_of_scope");
  });

  it("has who cannot name a product read by the one that the group is bound to", async () => {
    expect(await scope.toRead("a", FLEET)).toEqual({ productKey: A, ackDeadlineMs: 7_000 });
    expect(await scope.toRead("a", TWO)).toEqual({ productKey: A, ackDeadlineMs: 7_000 });
    expect(await scope.toRead("c", TWO)).toBe("out_of_scope");
    expect(await scope.toRead("all", FLEET)).toEqual({ productKey: undefined, ackDeadlineMs: 7_000 });
    // One that is not there yet is made by the read.
    expect(await scope.toRead("new", ONE)).toEqual({ productKey: A, ackDeadlineMs: 30_000 });
    expect(await scope.toRead("new", TWO)).toBe("name_a_product");
  });

  it("asks the log about a group again only when some seconds have passed", async () => {
    asked = 0;
    expect(await scope.reaches("c", TWO)).toBe(false);
    expect(await scope.reaches("c", TWO)).toBe(false);
    expect(await scope.reaches("c", FLEET)).toBe(true);
    expect(asked).toBe(1);
    nowMs += 5_001;
    await scope.reaches("c", TWO);
    expect(asked).toBe(2);
    scope.noteRead("new", A);
    expect(await scope.reaches("new", TWO)).toBe(true);
    expect(asked).toBe(2);
  });
});

function aGroup(group: string, productKey: ProductKey | undefined): GroupInfo {
  const rest = { from: "earliest", ackDeadlineMs: 7_000, lag: 0, oldestUnreadAtMs: undefined, consumers: [] } as const;
  return { group, productKey, ...rest };
}
