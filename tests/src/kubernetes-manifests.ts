import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { parse, parseAllDocuments } from "yaml";
import { ROOT } from "./repository.ts";

const FOLDER = join(ROOT, "infra/k8s");
const FRONT = join(FOLDER, "front");
const load = createRequire(import.meta.url);

/** One Kubernetes object, as it is written. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** What a `kustomization.yaml` names. */
interface Kustomization {
  readonly resources: readonly string[];
  readonly patches?: readonly { readonly path: string }[];
}

/** Reads every object that `infra/k8s/kustomization.yaml` and that of the component `front` name, in their order. */
export function readManifests(): readonly Manifest[] {
  return [FOLDER, FRONT].flatMap((folder) => kustomizationOf(folder).resources.flatMap((file) => read(folder, file)));
}

/** What the component `front` changes of other objects. */
export function readFrontPatches(): readonly Manifest[] {
  return (kustomizationOf(FRONT).patches ?? []).flatMap(({ path }) => read(FRONT, path));
}

function kustomizationOf(folder: string): Kustomization {
  return parse(readFileSync(join(folder, "kustomization.yaml"), "utf8")) as Kustomization;
}

function read(folder: string, file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(folder, file), "utf8")).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as Manifest;
  });
}

/** The objects of one kind. */
export function manifestsOf<T extends Manifest>(kind: string): readonly T[] {
  return readManifests().filter((manifest): manifest is T => manifest.kind === kind);
}

/**
 * Checks an object against the schema that the Kubernetes project publishes for its kind.
 *
 * @throws with the place in the object, when it does not fit or there is no such kind.
 */
export function checkSchema(manifest: Manifest): void {
  const models = load(`kubernetes-models/${manifest.apiVersion}`) as Readonly<
    Record<string, new (data: object) => { validate(): void }>
  >;
  const Model = models[manifest.kind];
  if (!Model) throw new Error(`there is no ${manifest.kind} in ${manifest.apiVersion}`);
  new Model(manifest).validate();
}

/**
 * Looks for properties that the API does not know: its schemas let them pass, and the server drops them unread. The compiler refuses them
 * in a literal of the kind's type.
 *
 * @returns what the compiler says, a line each.
 */
export function findUnknownFields(manifests: readonly Manifest[]): readonly string[] {
  const source = manifests
    .map((manifest, index) => {
      const type = `import("kubernetes-models/${manifest.apiVersion}").I${manifest.kind}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
    })
    .join("\n");
  // Beside this file, so that the package is found from there.
  const file = join(ROOT, "tests/src/manifests-as-literals.ts");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? source : readFile(name));
  host.getSourceFile = (name, languageVersion) =>
    name === file ? ts.createSourceFile(name, source, languageVersion) : getSourceFile(name, languageVersion);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
