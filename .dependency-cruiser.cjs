// The layers, checked: core <- {postgres, redis, nats, memory, device, testkit} <- services <- runtime <- apps (docs/architecture.md).
const test = "\\.test\\.ts$|/test/|^(tests|bench)/";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "core-reaches-nothing",
      comment: "The core is pure: no package, no I/O. node:crypto computes, node:util prints.",
      severity: "error",
      from: { path: "^packages/core/src", pathNot: test },
      to: { pathNot: "^packages/core/src|^(node:)?(crypto|util)$|^(node:)?buffer$" },
    },
    {
      name: "stores-reach-core-only",
      severity: "error",
      from: { path: "^packages/(postgres|redis|nats|memory|device|x509)/src", pathNot: test },
      to: { path: "^(packages|apps)/", pathNot: ["^packages/$1/", "^packages/core/"] },
    },
    {
      name: "services-reach-core-and-tables",
      severity: "error",
      from: { path: "^packages/services/src", pathNot: test },
      to: { path: "^(packages|apps)/", pathNot: "^packages/(services|core|postgres)/" },
    },
    {
      name: "services-do-not-know-each-other",
      comment: "Each is a folder that can be taken away; what several need is in kit.",
      severity: "error",
      from: { path: "^packages/services/src/([^/]+)/", pathNot: "^packages/services/src/kit/" },
      to: { path: "^packages/services/src/[^/]+/", pathNot: "^packages/services/src/($1|kit)/" },
    },
    {
      name: "kit-knows-no-service",
      severity: "error",
      from: { path: "^packages/services/src/kit/" },
      to: { path: "^packages/services/src/[^/]+/", pathNot: "^packages/services/src/kit/" },
    },
    {
      name: "vectors-reach-nothing",
      severity: "error",
      from: { path: "^packages/vectors/src" },
      to: { path: "^(packages|apps)/", pathNot: "^packages/vectors/" },
    },
    {
      name: "packages-never-import-apps",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^apps/" },
    },
    {
      name: "apps-never-import-apps",
      comment: "Only apps/gateway composes the others, through their one exported factory.",
      severity: "error",
      from: { path: "^apps/([^/]+)/", pathNot: "^apps/gateway/" },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    {
      name: "gateway-uses-the-front-door",
      severity: "error",
      from: { path: "^apps/gateway/" },
      to: { path: "^apps/(?!gateway/)[^/]+/", pathNot: "^apps/[^/]+/src/index\\.ts$" },
    },
    {
      name: "only-runtime-opens-stores",
      severity: "error",
      from: { path: "^apps/", pathNot: test },
      to: { path: "^packages/(postgres|redis|nats|memory)/" },
    },
    {
      name: "one-file-opens-stores",
      severity: "error",
      from: { path: "^packages/runtime/src", pathNot: ["stores/(open-stores|restore-data-folder)\\.ts$", test] },
      to: { path: "^packages/(postgres|redis|nats|memory)/" },
    },
    {
      name: "test-code-stays-in-tests",
      severity: "error",
      from: { path: "^(packages/(?!testkit)|apps/)[^/]*/?.*src/", pathNot: [test, "^packages/testkit/"] },
      to: { path: "^packages/testkit/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      conditionNames: ["trine-source", "import", "require", "node", "default"],
      exportsFields: ["exports"],
    },
  },
};
