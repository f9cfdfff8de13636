import { parseFingerprint } from "@trine/core/x509";
import { pageOf, pageQuery } from "@trine/services/rest";
import type { RouteAccess } from "../access/route-access.ts";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { notFound, orProblem } from "../problem-reply.ts";
import { revokedBody } from "../schema/devices.ts";
import { problemBody, productOfPath, productParams } from "../schema/names.ts";
import {
  authorityBody,
  authorityList,
  authorityParams,
  authorityRequest,
  revokedSerial,
  revokedSerials,
  serialsRequest,
  showAuthority,
  showOwn,
} from "../schema/x509.ts";

const tags = ["x509"];
const own = "/v1/x509/authority";
const path = "/v1/products/:productKey/x509/authorities";
const access = (role: RouteAccess["role"], scope: "product" | "fleet" = "product") => ({ access: { role, scope } });

/** Routes of the CAs that vouch for certificates of devices: those that a product trusts, and Trine's own. */
export function x509AuthorityRoutes(app: AdminApp, { operators: { x509Authorities } }: AdminDeps): void {
  app.get(
    own,
    {
      config: access("viewer", "fleet"),
      schema: {
        tags,
        summary: "Show Trine's own CA",
        description: "It is made when the first certificate is issued. Its key is never shown.",
        response: { 200: authorityBody, 404: problemBody },
      },
    },
    async () => showOwn(orProblem(await x509Authorities.findOwn())),
  );

  app.post(
    own,
    {
      config: access("admin", "fleet"),
      schema: {
        tags,
        summary: "Make Trine's own CA, if there is none yet",
        description: "Issuing does it by itself. Audited.",
        response: { 200: authorityBody },
      },
    },
    async (request) => showOwn(await x509Authorities.makeOwn(actorOf(request))),
  );

  app.get(
    path,
    {
      config: access("viewer"),
      schema: {
        tags,
        summary: "List the CAs that a product trusts",
        params: productParams,
        response: { 200: authorityList, 404: problemBody },
      },
    },
    async ({ params }) => ({ items: orProblem(await x509Authorities.list(productOfPath(params))).map(showAuthority) }),
  );

  app.post(
    path,
    {
      config: access("admin"),
      schema: {
        tags,
        summary: "Have a product trust a CA",
        description: "Devices of the product that its certificates name are let in with them. Audited.",
        params: productParams,
        body: authorityRequest,
        response: { 201: authorityBody, 400: problemBody, 404: problemBody, 409: problemBody },
      },
    },
    async (request, reply) => {
      const { certificate } = request.body;
      const added = await x509Authorities.add(actorOf(request), productOfPath(request.params), certificate);
      return reply.code(201).send(showAuthority(orProblem(added)));
    },
  );

  app.delete(
    `${path}/:fingerprint`,
    {
      config: access("admin"),
      schema: {
        tags,
        summary: "Have a product trust a CA no more",
        description:
          "The product's connections are closed on every node, and what its devices did with certificates is void: those that the CA vouched for do not come back. Audited.",
        params: authorityParams,
        response: { 200: revokedBody, 404: problemBody },
      },
    },
    async (request) => {
      const { productKey, fingerprint } = authorityOfPath(request.params);
      return orProblem(await x509Authorities.remove(actorOf(request), productKey, fingerprint));
    },
  );

  app.get(
    `${path}/:fingerprint/revocations`,
    {
      config: access("viewer"),
      schema: {
        tags,
        summary: "List what a CA revoked for a product",
        params: authorityParams,
        querystring: pageQuery,
        response: { 200: pageOf(revokedSerial), 400: problemBody, 404: problemBody },
      },
    },
    async ({ params, query }) => {
      const page = orProblem(await x509Authorities.listRevoked(authorityOfPath(params), compact(query)));
      const items = page.items.map(({ revokedAtMs, ...rest }) => ({
        ...rest,
        revokedAt: new Date(revokedAtMs).toISOString(),
      }));
      return { ...page, items };
    },
  );

  app.post(
    `${path}/:fingerprint/revocations`,
    {
      config: access("operator"),
      schema: {
        tags,
        summary: "Revoke certificates of a CA by their serial numbers, for good",
        description:
          "For the devices of this product, known or not. The sessions of devices that used one are closed on every node. Doing it again does no harm. Audited.",
        params: authorityParams,
        body: serialsRequest,
        response: { 200: revokedSerials, 400: problemBody, 404: problemBody },
      },
    },
    async (request) =>
      orProblem(await x509Authorities.revokeSerials(actorOf(request), authorityOfPath(request.params), request.body)),
  );
}

/** A CA of the path; a text that is no fingerprint names none. */
function authorityOfPath(params: { productKey: string; fingerprint: string }) {
  const fingerprint = parseFingerprint(params.fingerprint);
  if (fingerprint === undefined) throw notFound("x509_not_found", "There is no such certificate");
  return { productKey: productOfPath(params), fingerprint };
}
