/** Ways out of the paths of the REST API: nothing is behind any of them. */
export const PATH_TRICKS: readonly string[] = [
  "/../package.json",
  "/../../../../etc/passwd",
  "/..%2f..%2fetc%2fpasswd",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/....//....//etc/passwd",
  "/docs/static/../../package.json",
  "/docs/static/..%2f..%2f..%2fpackage.json",
  "/docs/static/%2e%2e%5c%2e%2e%5cpackage.json",
  "/docs/static/index.html%00.js",
  "/v1/products/..%2f..%2fopenapi.json",
  "/v1/products/%00",
  "/v1/products/%ff%fe",
  "/v1/products/a1b2C3d4E5f/devices/..%2f..%2f..%2fproducts",
  "/v1/products/a1b2C3d4E5f/devices/%2e%2e/certificate",
  "//v1//products",
  "/v1/products/a1b2C3d4E5f/devices/device_01/certificate/../../../../../data/admin-key",
  "/.env",
  "/data/admin-key",
  "http://169.254.169.254/latest/meta-data/",
];

/** JSON that is no product, or would make one for a careless parser. */
export const PRODUCT_BODIES: readonly { readonly name: string; readonly body: string }[] = [
  { name: "a prototype", body: '{"name":"product","__proto__":{"role":"admin"}}' },
  { name: "an escaped prototype", body: '{"name":"product","\\u005f_proto__":{"role":"admin"}}' },
  { name: "a constructor's prototype", body: '{"name":"product","constructor":{"prototype":{"role":"admin"}}}' },
  { name: "a prototype in its policy", body: '{"name":"product","policy":{"__proto__":{"role":"admin"}}}' },
  { name: "nesting 100 000 deep", body: `{"name":${"[".repeat(100_000)}` },
  {
    name: "objects nested 50 000 deep",
    body: `{"name":"product","policy":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`,
  },
  { name: "a number beyond all numbers", body: '{"name":1e999}' },
  { name: "a name that is repeated, and none", body: '{"name":"product","name":{}}' },
  { name: "half of a surrogate pair", body: '{"name":"product \\ud800"}' },
  { name: "NUL", body: '{"name":"product\\u0000"}' },
  { name: "text behind its end", body: '{"name":"product"}x' },
  { name: "single quotes", body: "{'name':'product'}" },
  { name: "no braces", body: '"name"' },
  { name: "a list of it", body: '[{"name":"product"}]' },
  { name: "a long name", body: `{"name":"${"x".repeat(100_000)}"}` },
];
