import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { adminSettings } from "@trine/admin";
import { amqpSettings } from "@trine/amqp";
import { coapSettings } from "@trine/coap";
import { frontSettings } from "@trine/front";
import { httpSettings } from "@trine/http";
import { mqttSettings } from "@trine/mqtt";
import { loadSettings, runtimeSettings } from "@trine/runtime";
import { makeTempFolder } from "@trine/testkit/servers";
import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1";
import type { IConfigMap, IService } from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import {
  checkSchema,
  findUnknownFields,
  type Manifest,
  manifestsOf,
  readFrontPatches,
  readManifests,
} from "../src/kubernetes-manifests.ts";
import { ROOT } from "../src/repository.ts";

const PARTS = ["mqtt", "http", "coap", "amqp", "admin", "front"] as const;
type Part = (typeof PARTS)[number];

const SCHEMAS = {
  mqtt: mqttSettings,
  http: httpSettings,
  coap: coapSettings,
  amqp: amqpSettings,
  admin: adminSettings,
  front: frontSettings,
} as const;
/** What the process may take beyond its drain: `STOP_WITHIN_MS` of run-service.ts. */
const STOP_SECONDS = 6.5;

const manifests = readManifests();
const deployments = manifestsOf<Manifest & IDeployment>("Deployment");
const services = manifestsOf<Manifest & IService>("Service");
const policies = manifestsOf<Manifest & INetworkPolicy>("NetworkPolicy");
const [settings] = manifestsOf<Manifest & IConfigMap>("ConfigMap");

describe("every Kubernetes manifest", () => {
  it.each(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
    "%s fits the published schema",
    (_name, manifest) => checkSchema(manifest),
  );

  it("has no property that the API does not know", () => {
    expect(findUnknownFields(manifests)).toEqual([]);
    const [first] = deployments;
    const misspelt = { ...first, spec: { ...first?.spec, minReadySecond: 10 } } as unknown as Manifest;
    expect(findUnknownFields([misspelt])).toEqual([expect.stringContaining('"minReadySecond"')]);
  }, 60_000);

  it("has a name of its own among those of its kind", () => {
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });
});

describe.each(PARTS)("the deployment of %s", (part) => {
  const deployment = deployments.find(({ metadata }) => metadata.name === part);
  const pod = deployment?.spec?.template.spec;
  const container = pod?.containers[0];
  const labels = deployment?.spec?.template.metadata?.labels ?? {};

  it("runs the program of the image without rights, on a file system that it cannot write", async () => {
    expect(container?.command).toEqual(["node", `apps/${part}/dist/main.js`]);
    expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod?.automountServiceAccountToken).toBe(false);
    // `node` of the image that infra/Dockerfile builds on.
    expect(await readFile(join(ROOT, "infra/Dockerfile"), "utf8")).toMatch(/^USER node$/m);
    expect(pod?.securityContext?.runAsUser).toBe(1000);
    expect(pod?.containers).toHaveLength(1);
  });

  it("is told nothing by Kubernetes that could be taken for a setting", () => {
    expect(pod?.enableServiceLinks).toBe(false);
  });

  it("starts with settings that the process knows and that parse, its secrets in files that are mounted", async () => {
    const folder = await makeTempFolder("kubernetes");
    const environment = await environmentOf(part, folder.path);
    const known = new Set(["NODE_OPTIONS", ...Object.keys(runtimeSettings.shape), ...Object.keys(SCHEMAS[part].shape)]);
    const unknown = Object.keys(environment).filter(
      (name) => !known.has(name) && !known.has(name.replace(/_FILE$/, "")),
    );
    expect(unknown).toEqual([]);
    const runtime = loadSettings(runtimeSettings, environment);
    expect(runtime).toMatchObject({ DATABASE_URL: "a secret", REDIS_URL: "a secret", TRINE_ADMIN_HOST: "0.0.0.0" });
    expect(runtime.TRINE_MASTER_KEY_FILE).toBe(join(folder.path, "/run/secrets/trine/master_key"));
    const own = loadSettings(SCHEMAS[part], environment);
    if (part === "admin") expect(own).toMatchObject({ TRINE_ADMIN_KEY: "a secret" });
    await folder.remove();
  });

  it("opens the ports that its settings name", async () => {
    const environment = { ...settings?.data, ...plainEnvironment(part) };
    const asked = Object.entries(environment).flatMap(([name, value]) => (/_PORT$/.test(name) ? [Number(value)] : []));
    expect(container?.ports?.map(({ containerPort }) => containerPort).sort()).toEqual(asked.sort());
  });

  it("is asked for its health on the metrics port, and gets no more devices once it drains", () => {
    expect(container?.readinessProbe?.httpGet).toEqual({ path: "/readyz", port: "metrics" });
    for (const probe of [container?.livenessProbe, container?.startupProbe])
      expect(probe?.httpGet).toEqual({ path: "/healthz", port: "metrics" });
    expect(settings?.data?.["TRINE_ADMIN_HOST"]).toBe("0.0.0.0");
    const preStop = Number(container?.lifecycle?.preStop?.exec?.command?.at(-1));
    const drain = Number(settings?.data?.["TRINE_DRAIN_SECONDS"]);
    expect(preStop).toBeGreaterThan(0);
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(preStop + drain + STOP_SECONDS);
  });

  it("is replaced one pod at a time, the new one first, and spread over machines and zones", () => {
    expect(deployment?.spec?.strategy?.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(deployment?.spec?.selector.matchLabels).toEqual(labels);
    const spread = pod?.topologySpreadConstraints ?? [];
    expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
      "kubernetes.io/hostname",
      "topology.kubernetes.io/zone",
    ]);
    for (const { labelSelector } of spread) expect(labelSelector?.matchLabels).toEqual(labels);
  });

  it("has a service, a disruption budget, and if it serves devices an autoscaler, that mean it", () => {
    const service = services.find(({ metadata }) => metadata.name === part);
    expect(service?.spec?.selector).toEqual(labels);
    const offered = container?.ports
      ?.filter(({ name }) => name !== "metrics")
      .map(({ name, protocol }) => [name, protocol]);
    expect(service?.spec?.ports?.map(({ targetPort, protocol }) => [targetPort, protocol])).toEqual(offered);
    const budgets = manifestsOf<Manifest & IPodDisruptionBudget>("PodDisruptionBudget");
    const budget = budgets.find(({ metadata }) => metadata.name === part);
    expect(budget?.spec).toMatchObject({ maxUnavailable: 1, selector: { matchLabels: labels } });
    const autoscalers = manifestsOf<Manifest & IHorizontalPodAutoscaler>("HorizontalPodAutoscaler");
    const targets = autoscalers.filter(({ spec }) => spec?.scaleTargetRef.name === part);
    expect(targets).toHaveLength(part === "admin" ? 0 : 1);
    // An autoscaler and a fixed number would undo each other at every apply.
    expect(deployment?.spec?.replicas === undefined).toBe(part !== "admin");
    const asked = targets[0]?.spec?.metrics?.map(({ resource }) => resource?.name) ?? [];
    expect(Object.keys(container?.resources?.requests ?? {})).toEqual(expect.arrayContaining(asked));
  });

  it("is reached on each of its ports by those whom a policy names", () => {
    const named = policies
      .filter(({ spec }) =>
        Object.entries(spec?.podSelector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value),
      )
      .flatMap(({ spec }) => spec?.ingress ?? [])
      .flatMap(({ ports }) => ports ?? [])
      .map(({ port, protocol }) => `${port}/${protocol}`);
    expect(named.sort()).toEqual(container?.ports?.map(({ name, protocol }) => `${name}/${protocol}`).sort());
  });

  async function environmentOf(name: Part, root: string): Promise<Record<string, string>> {
    expect(container?.envFrom).toEqual([{ configMapRef: { name: settings?.metadata.name } }]);
    const mounts = new Map(container?.volumeMounts?.map(({ mountPath, name: volume }) => [mountPath, volume]));
    const secretOf = (volume: string | undefined) =>
      pod?.volumes?.find((each) => each.name === volume)?.secret?.secretName;
    const documented = await documentedSecrets();
    const environment: Record<string, string> = { ...settings?.data, ...plainEnvironment(name) };
    for (const [setting, path] of Object.entries(environment)) {
      if (!setting.endsWith("_FILE")) continue;
      const secret = secretOf(mounts.get(dirname(path))) ?? "";
      expect(documented.get(secret), `${setting} is in a secret that nobody is told to make`).toContain(
        path.slice(dirname(path).length + 1),
      );
      environment[setting] = join(root, path);
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), "a secret\n");
    }
    return environment;
  }

  function plainEnvironment(name: Part): Record<string, string> {
    const entries =
      deployments.find(({ metadata }) => metadata.name === name)?.spec?.template.spec?.containers[0]?.env ?? [];
    return Object.fromEntries(entries.map((entry) => [entry.name, entry.value ?? ""]));
  }
});

describe("the policies and services around them", () => {
  it("let nothing in or out that no policy names", () => {
    const [first] = policies;
    expect(first?.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  it("keep a CoAP device at one process for longer than a message may be repeated", () => {
    const service = services.find(({ metadata }) => metadata.name === "coap")?.spec;
    expect(service?.sessionAffinity).toBe("ClientIP");
    // RFC 7252 4.8.2: EXCHANGE_LIFETIME.
    expect(service?.sessionAffinityConfig?.clientIP?.timeoutSeconds).toBeGreaterThan(247);
    expect(service?.ports?.every(({ protocol }) => protocol === "UDP")).toBe(true);
  });

  it("show the REST API to the cluster only, and devices' ports to the world", () => {
    expect(Object.fromEntries(services.map(({ metadata, spec }) => [metadata.name, spec?.type]))).toEqual({
      mqtt: "LoadBalancer",
      http: "LoadBalancer",
      coap: "LoadBalancer",
      amqp: "LoadBalancer",
      admin: "ClusterIP",
      front: "LoadBalancer",
    });
  });

  it("let the front to those whom it hands connections to, who believe it by the key that it shares with them", () => {
    const [front] = deployments.filter(({ metadata }) => metadata.name === "front").map(environmentIn);
    const egress = policies.find(({ metadata }) => metadata.name === "devices-front")?.spec?.egress ?? [];
    expect(
      egress.map(({ to, ports }) => [to?.[0]?.podSelector?.matchLabels?.["app.kubernetes.io/name"], ports?.[0]?.port]),
    ).toEqual([
      ["mqtt", "mqtt"],
      ["http", "http"],
    ]);
    expect([front?.["TRINE_FRONT_MQTT"], front?.["TRINE_FRONT_HTTP"]]).toEqual(["mqtt:1883", "http:8080"]);
    for (const part of ["mqtt", "http"]) {
      const patch = readFrontPatches().find(({ metadata }) => metadata.name === part) as Manifest & IDeployment;
      checkSchemaOfPatch(patch);
      expect(environmentIn(patch)["TRINE_PROXY_KEY_FILE"]).toBe(front?.["TRINE_PROXY_KEY_FILE"]);
      expect(environmentIn(patch)["TRINE_TRUSTED_PROXIES"]).toMatch(/^10\./);
      expect(patch.spec?.template.spec?.containers[0]?.name).toBe(part);
    }
  });
});

/** A patch lacks what it does not change. */
function checkSchemaOfPatch(patch: Manifest & IDeployment): void {
  const whole = deployments.find(({ metadata }) => metadata.name === patch.metadata.name);
  expect(whole, "there is what it changes").toBeDefined();
  expect(findUnknownFields([{ ...patch, spec: { ...whole?.spec, ...patch.spec } } as unknown as Manifest])).toEqual([]);
}

function environmentIn(deployment: IDeployment): Readonly<Record<string, string>> {
  const entries = deployment.spec?.template.spec?.containers[0]?.env ?? [];
  return Object.fromEntries(entries.map(({ name, value }) => [name, value ?? ""]));
}

/** The secrets, with their keys, that the head of kustomization.yaml tells the operator to make. */
async function documentedSecrets(): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await readFile(join(ROOT, "infra/k8s/kustomization.yaml"), "utf8");
  const commands = text.replaceAll(/\\\n#\s*/g, "").matchAll(/create secret generic (\S+) (.*)/g);
  return new Map(
    [...commands].map(([, name = "", rest = ""]) => [
      name,
      [...rest.matchAll(/--from-file=(\w+)/g)].map(([, key = ""]) => key),
    ]),
  );
}
