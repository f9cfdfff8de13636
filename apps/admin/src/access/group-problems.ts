import type { Grant, GroupScope } from "@trine/core/access";
import type { ProductKey } from "@trine/core/certificate";
import { invalidField, notFound, ProblemError } from "../problem-reply.ts";

/** The product that a read is bound to. @throws ProblemError 400 or 403. */
export function productToRead(scope: GroupScope, asked: ProductKey | undefined, grant: Grant): ProductKey | undefined {
  const read = scope.productToRead(asked, grant);
  const products = grant.products?.join(", ");
  if (read === "name_a_product")
    throw invalidField("productKey", `the key is limited to products: name one of ${products}`);
  if (read === "out_of_scope") {
    const title = "The key is limited to other products";
    const detail = `it reaches ${products}`;
    throw new ProblemError({ status: 403, code: "out_of_scope", title, detail, field: "productKey" });
  }
  return read.productKey;
}

/** @throws ProblemError 404 for a group that is not bound to a product of the key. */
export async function checkGroup(scope: GroupScope, group: string, grant: Grant): Promise<void> {
  if (!(await scope.reaches(group, grant))) throw notFound("group_not_found", "There is no such group");
}
