import { Secret } from "@trine/core/certificate";
import { findVector, loadVectors } from "@trine/vectors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseForm } from "../src/cloud-api/parse-form.ts";
import { signatureOf, stringToSign } from "../src/cloud-api/signature.ts";
import { openCloud, signedForm, type TestCloud } from "./a-cloud.ts";

const RPC = loadVectors().vectors.filter(({ group }) => group === "cloud-rpc");

describe("the signature", () => {
  it.each(RPC.map(({ id }) => id))("is that of the vector %s", (id) => {
    const { inputs, stringToSign: text, outputs } = findVector(id);
    const { method, params, accessKeySecret } = inputs as { method: string; params: object; accessKeySecret: string };
    const parameters = new Map(Object.entries(params) as [string, string][]);
    expect(stringToSign(method, parameters)).toBe(text);
    expect(signatureOf(new Secret(accessKeySecret), stringToSign(method, parameters)).toString("base64")).toBe(
      outputs["Signature"],
    );
  });

  it("is over names and values encoded as RFC 3986 has it, whatever form they came in", () => {
    const parsed = parseForm("B=%7e*+%27()!&A=a%20b&Signature=x", "C=%E4%B8%AD");
    expect(stringToSign("GET", parsed ?? new Map())).toBe(
      "GET&%2F&A%3Da%2520b%26B%3D~%252A%2520%2527%2528%2529%2521%26C%3D%25E4%25B8%25AD",
    );
  });

  it.each(["a=%", "a=%ff", "a=1&a=2", "a=%00", "%ff=1"])("is of nothing that cannot be read, such as %s", (form) => {
    expect(parseForm(form)).toBeUndefined();
  });
});

describe("the cloud API", () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud[Symbol.asyncDispose]());

  const at = (offsetMs: number) => `${new Date(Date.now() + offsetMs).toISOString().slice(0, 19)}Z`;
  const MINUTE = 60_000;

  it("answers by POST and by GET, as JSON and as XML", async () => {
    for (const method of ["GET", "POST"] as const) {
      const json = await cloud.call("QueryProductList", {}, { method });
      expect(json.status).toBe(200);
      expect(json.headers["content-type"]).toContain("application/json");
      expect(json.body).toMatchObject({ Success: true, Code: "", Data: { Total: 0, List: { ProductInfo: [] } } });
      expect(json.body.RequestId).toMatch(/^[0-9A-F-]{36}$/);
    }
    await cloud.call("CreateProduct", { ProductName: 'a <"lamp"> & more\u0007' });
    for (const given of [{ Format: "XML" }, { Format: undefined }]) {
      const xml = await cloud.call("QueryProductList", given);
      expect(xml.headers["content-type"]).toContain("text/xml");
      expect(xml.text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?><QueryProductListResponse><RequestId>/);
      expect(xml.text).toContain("<Success>true</Success>");
      expect(xml.text).toContain("<List><ProductInfo><ProductKey>");
      expect(xml.text).toContain("<ProductName>a &lt;&quot;lamp&quot;&gt; &amp; more\ufffd</ProductName>");
    }
  });

  it("takes parameters from the query and the body of a POST together", async () => {
    const [query = "", ...body] = signedForm({ method: "POST", action: "QueryProductList", by: cloud.key }).split("&");
    const response = await cloud.admin.app.inject({
      method: "POST",
      url: `/?${query}`,
      payload: body.join("&"),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(response.json()).toMatchObject({ Success: true });
  });

  it("leaves the root of the admin port as it is for whoever names no action", async () => {
    for (const url of ["/", "/?x=1", "/?%"]) {
      const response = await cloud.admin.app.inject({ url });
      expect([response.statusCode, response.headers["location"]]).toEqual([302, "/docs"]);
    }
  });

  it.each([
    ["Action", "MissingParameter"],
    ["Version", "MissingParameter"],
    ["AccessKeyId", "MissingParameter"],
    ["SignatureMethod", "MissingParameter"],
    ["SignatureVersion", "MissingParameter"],
    ["SignatureNonce", "MissingParameter"],
    ["Timestamp", "MissingParameter"],
    ["Signature", "MissingParameter"],
  ])("refuses a request without %s", async (name, code) => {
    const { status, body } = await cloud.call("QueryProductList", { [name]: undefined });
    expect(status).toBe(400);
    expect(body).toMatchObject({ Code: code, Message: expect.stringContaining(name), HostId: expect.any(String) });
  });

  it.each([
    [{ Version: "2020-01-01" }, 400, "InvalidVersion"],
    [{ SignatureMethod: "HMAC-MD5" }, 400, "InvalidParameter"],
    [{ SignatureVersion: "2.0" }, 400, "InvalidParameter"],
    [{ SignatureNonce: "n".repeat(129) }, 400, "InvalidParameter"],
    [{ Timestamp: "yesterday" }, 400, "InvalidTimeStamp.Format"],
    [{ Timestamp: "2024-13-01T00:00:00Z" }, 400, "InvalidTimeStamp.Format"],
    [{ Timestamp: at(-16 * MINUTE) }, 400, "InvalidTimeStamp.Expired"],
    [{ Timestamp: at(16 * MINUTE) }, 400, "InvalidTimeStamp.Expired"],
    [{ AccessKeyId: "TRINE0123456789abcde" }, 404, "InvalidAccessKeyId.NotFound"],
    [{ AccessKeyId: "x" }, 404, "InvalidAccessKeyId.NotFound"],
    [{ Signature: "AAAA" }, 400, "SignatureDoesNotMatch"],
    [{ Action: "RRpcc" }, 404, "InvalidAction.NotFound"],
    [{ Action: "constructor" }, 404, "InvalidAction.NotFound"],
  ])("refuses %j with %i %s", async (given, status, code) => {
    const reply = await cloud.call("QueryProductList", given);
    expect([reply.status, reply.body.Code], reply.text).toEqual([status, code]);
  });

  it("takes a timestamp within 15 minutes, and the older version of the API", async () => {
    for (const given of [{ Timestamp: at(-14 * MINUTE) }, { Timestamp: at(14 * MINUTE) }, { Version: "2017-04-20" }])
      expect((await cloud.call("QueryProductList", given)).status).toBe(200);
  });

  it("refuses what was changed after it was signed, and what another key signed", async () => {
    const form = signedForm({ method: "POST", action: "QueryProductList", by: cloud.key });
    const other = await cloud.makeKey({ role: "admin" });
    const mixed = { accessKeyId: cloud.key.accessKeyId, accessKeySecret: other.accessKeySecret };
    const post = (payload: string) =>
      cloud.admin.app.inject({
        method: "POST",
        url: "/",
        payload,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    expect((await post(`${form}&PageSize=5`)).json()).toMatchObject({ Code: "SignatureDoesNotMatch" });
    expect((await cloud.admin.app.inject({ url: `/?${form}` })).json()).toMatchObject({
      Code: "SignatureDoesNotMatch",
    });
    expect((await cloud.call("QueryProductList", {}, { key: mixed })).body.Code).toBe("SignatureDoesNotMatch");
    expect((await post(form)).json()).toMatchObject({ Success: true });
  });

  it("takes a nonce once for each key, and a wrong signature uses none up", async () => {
    const nonce = { SignatureNonce: "once" };
    expect((await cloud.call("QueryProductList", { ...nonce, Signature: "AAAA" })).body.Code).toBe(
      "SignatureDoesNotMatch",
    );
    const replies = await Promise.all(Array.from({ length: 10 }, () => cloud.call("QueryProductList", nonce)));
    const codes = replies.map(({ status, body }) => `${status} ${body.Code}`);
    expect(codes.toSorted()).toEqual(["200 ", ...Array.from({ length: 9 }, () => "400 SignatureNonceUsed")]);
    const other = await cloud.makeKey({ role: "viewer" });
    expect((await cloud.call("QueryProductList", nonce, { key: other })).status).toBe(200);
  });

  it("refuses a key from the moment of its revocation on", async () => {
    expect((await cloud.call("QueryProductList")).status).toBe(200);
    await cloud.admin.ask(`DELETE /v1/access-keys/${cloud.key.accessKeyId}`);
    expect((await cloud.call("QueryProductList")).body.Code).toBe("InvalidAccessKeyId.NotFound");
  });

  it("has whoever guesses wait, and not the key that was right from there", async () => {
    expect((await cloud.call("QueryProductList")).status).toBe(200);
    const guess = () => cloud.call("QueryProductList", { AccessKeyId: "TRINE0123456789abcde" });
    for (let i = 0; i < 11; i += 1) expect((await guess()).body.Code).toBe("InvalidAccessKeyId.NotFound");
    const held = await guess();
    expect([held.status, held.body.Code]).toEqual([400, "Throttling.User"]);
    expect(Number(held.headers["retry-after"])).toBeGreaterThan(0);
    expect((await cloud.call("QueryProductList")).status).toBe(200);
    const log = await cloud.admin.gateway.ports.audit.list({ action: "access.held_up" }, { limit: 9 });
    expect(log.items).toMatchObject([{ target: "127.0.0.1" }]);
  });

  it("answers an outage with 503, and never as a wrong signature", async () => {
    cloud.admin.gateway.faults.down = true;
    const { status, body, headers } = await cloud.call("QueryProductList");
    expect([status, body.Code, headers["retry-after"]]).toEqual([503, "ServiceUnavailable", "1"]);
    expect(cloud.admin.gateway.recorder.faults).toHaveLength(1);
  });

  it("refuses a broken form, a parameter that is there twice, and another format, in a form that can be read", async () => {
    const post = (payload: string) =>
      cloud.admin.app.inject({
        method: "POST",
        url: "/",
        payload,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    const form = signedForm({ method: "POST", action: "QueryProductList", by: cloud.key });
    for (const payload of ["Action=%ff", `${form}&Action=DeleteProduct`, form.replace("Format=JSON", "Format=YAML")]) {
      const { statusCode, body } = await post(payload);
      expect([statusCode, body]).toEqual([400, expect.stringContaining("<Error><RequestId>")]);
      expect(body).toContain("<Code>InvalidParameter</Code>");
    }
  });

  it("tells when an access key was last used, and names it in the audit log", async () => {
    await cloud.call("CreateProduct", { ProductName: "lamp" });
    await cloud.admin.gateway.flush();
    const { accessKeyId } = cloud.key;
    const keys = await cloud.admin.ask("GET /v1/access-keys");
    expect(keys.body["items"]).toMatchObject([{ accessKeyId, lastAddress: "127.0.0.1" }]);
    const log = await cloud.admin.ask("GET /v1/audit?action=product.create");
    expect(log.body["items"]).toMatchObject([{ actor: `app (${accessKeyId})` }]);
  });
});
