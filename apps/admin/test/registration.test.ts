import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

describe("registration of devices by themselves", () => {
  let admin: TestAdmin;
  let product: string;
  const ask: TestAdmin["ask"] = (route, given) => admin.ask(route, given);

  beforeAll(async () => {
    admin = await openAdmin();
    const { body } = await ask("POST /v1/products", { body: { name: "lamps", policy: { registration: "listed" } } });
    product = `/v1/products/${body["productKey"]}`;
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  it("is switched by the product's policy", async () => {
    expect((await ask(`GET ${product}`)).body).toMatchObject({ policy: { registration: "listed" } });
    const changed = await ask(`PATCH ${product}`, { body: { policy: { registration: "open" } } });
    expect(changed.body).toMatchObject({ policy: { registration: "open" }, closedSessions: 0 });
    const wrong = await ask(`PATCH ${product}`, { body: { policy: { registration: "on" } } });
    expect(problemOf(wrong, 400)).toMatchObject({ code: "invalid", field: "policy.registration" });
  });

  it("is bounded by a list of names, which is put, read page by page and taken away", async () => {
    const route = `${product}/registration/names`;
    expect((await ask(`GET ${route}`)).body).toEqual({ items: [] });
    const put = await ask(`PUT ${route}`, { body: { names: ["lamp-2", "lamp-1"], prefixes: ["pump-"] } });
    expect([put.status, put.body]).toEqual([200, { names: 2, prefixes: 1 }]);
    const first = (await ask(`GET ${route}?limit=2`)).body as { items: object[]; nextCursor: string };
    expect(first.items).toEqual([
      { name: "lamp-1", isPrefix: false },
      { name: "lamp-2", isPrefix: false },
    ]);
    const rest = await ask(`GET ${route}?limit=2&cursor=${encodeURIComponent(first.nextCursor)}`);
    expect(rest.body).toEqual({ items: [{ name: "pump-", isPrefix: true }] });
    expect((await ask(`DELETE ${route}`)).status).toBe(204);
    expect((await ask(`DELETE ${route}`)).status).toBe(204);
    expect((await ask(`GET ${route}`)).body).toEqual({ items: [] });
  });

  it.each([
    [{}, "names"],
    [{ names: [] }, "names"],
    [{ names: ["lamp-1", "a b"] }, "names.1"],
    [{ names: ["lamp-1"], prefixes: ["%"] }, "prefixes.0"],
    [{ names: "lamp-1" }, "names"],
    [{ names: ["lamp-1"], more: 1 }, "more"],
    [{ names: ["lamp\0-1"] }, "names.0"],
  ])("refuses the list %j by its field", async (body, field) => {
    const answer = await ask(`PUT ${product}/registration/names`, { body });
    expect(problemOf(answer, 400)).toMatchObject({ code: "invalid", field });
  });

  it("has no list where there is no product", async () => {
    const route = "/v1/products/a1Unknown00/registration/names";
    const body = { names: ["lamp-1"] };
    for (const [method, given] of [
      ["PUT", { body }],
      ["GET", {}],
      ["DELETE", {}],
    ] as const)
      expect(problemOf(await ask(`${method} ${route}`, given), 404)).toMatchObject({ code: "product_not_found" });
  });
});
