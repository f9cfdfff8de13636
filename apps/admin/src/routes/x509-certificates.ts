import type { RouteAccess } from "../access/route-access.ts";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { orProblem } from "../problem-reply.ts";
import { revokedBody } from "../schema/devices.ts";
import { deviceOfPath, deviceParams, problemBody } from "../schema/names.ts";
import {
  boundRequest,
  certificateBody,
  certificateList,
  certificateParams,
  issuedBody,
  orderRequest,
  revokeRequest,
  showCertificate,
  showIssued,
} from "../schema/x509.ts";

const tags = ["x509"];
const path = "/v1/products/:productKey/devices/:deviceName/x509";
const access = (role: RouteAccess["role"]) => ({ access: { role, scope: "product" } as const });

/** Routes of the X.509 certificates of devices. */
export function x509CertificateRoutes(app: AdminApp, { operators: { x509 } }: AdminDeps): void {
  app.get(
    path,
    {
      config: access("viewer"),
      schema: {
        tags,
        summary: "List the X.509 certificates of a device, newest first",
        params: deviceParams,
        response: { 200: certificateList, 404: problemBody },
      },
    },
    async ({ params }) => ({ items: orProblem(await x509.list(deviceOfPath(params))).map(showCertificate) }),
  );

  app.get(
    `${path}/:fingerprint`,
    {
      config: access("viewer"),
      schema: {
        tags,
        summary: "Show an X.509 certificate of a device",
        params: certificateParams,
        response: { 200: certificateBody, 404: problemBody },
      },
    },
    async ({ params }) => showCertificate(orProblem(await x509.find(deviceOfPath(params), params.fingerprint))),
  );

  app.post(
    path,
    {
      config: access("admin"),
      schema: {
        tags,
        summary: "Bind an X.509 certificate to a device",
        description:
          "The certificate, or its fingerprint alone. It needs no CA, and it need not name the device. Nodes that refused it just now may do so for a second more. Audited.",
        params: deviceParams,
        body: boundRequest,
        response: { 201: certificateBody, 400: problemBody, 404: problemBody, 409: problemBody },
      },
    },
    async (request, reply) => {
      const record = orProblem(await x509.bind(actorOf(request), deviceOfPath(request.params), request.body));
      return reply.code(201).send(showCertificate(record));
    },
  );

  app.post(
    `${path}/issue`,
    {
      config: access("admin"),
      schema: {
        tags,
        summary: "Issue an X.509 certificate by Trine's own CA",
        description: "For the key of a request, or with a key that is made here and told this once. Audited.",
        params: deviceParams,
        body: orderRequest,
        response: { 201: issuedBody, 400: problemBody, 404: problemBody },
      },
    },
    async (request, reply) => {
      const order = compact(request.body ?? {});
      const issued = orProblem(await x509.issue(actorOf(request), deviceOfPath(request.params), order));
      return reply.code(201).header("cache-control", "no-store").send(showIssued(issued));
    },
  );

  app.post(
    `${path}/:fingerprint/renew`,
    {
      config: access("admin"),
      schema: {
        tags,
        summary: "Renew an X.509 certificate",
        description:
          "Issues its follower by Trine's own CA: for the same key, unless there is a request or a kind of key. Both work until the older one ends or is revoked. Audited.",
        params: certificateParams,
        body: orderRequest,
        response: { 201: issuedBody, 400: problemBody, 404: problemBody },
      },
    },
    async (request, reply) => {
      const { params } = request;
      const order = compact(request.body ?? {});
      const issued = orProblem(await x509.renew(actorOf(request), deviceOfPath(params), params.fingerprint, order));
      return reply.code(201).header("cache-control", "no-store").send(showIssued(issued));
    },
  );

  app.post(
    `${path}/:fingerprint/revoke`,
    {
      config: access("operator"),
      schema: {
        tags,
        summary: "Revoke an X.509 certificate of a device, for good",
        description:
          "Every session of the device is closed, on every node; with another proof it may come back at once. Doing it again does no harm. Audited.",
        params: certificateParams,
        body: revokeRequest,
        response: { 200: revokedBody, 404: problemBody },
      },
    },
    async (request) => {
      const { params, body } = request;
      const { why } = body ?? { why: "no reason given" };
      return orProblem(await x509.revoke(actorOf(request), deviceOfPath(params), params.fingerprint, why));
    },
  );
}
