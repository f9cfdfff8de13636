/** One thing that a schema does not like, as the validator tells it. */
export interface ValidationIssue {
  readonly keyword?: string;
  /** `/` and the path, parts apart by `/`. */
  readonly instancePath?: string;
  readonly message?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** One field that is wrong. */
export interface WrongField {
  /** As a path such as `topics.3.suffix`; the part of the request when all of it is wrong, e.g. `body`. */
  readonly field: string;
  readonly message: string;
}

/** What zod says of one branch of a union, or of the whole. */
interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}

const PARTS: Readonly<Record<string, string>> = { querystring: "query", params: "path", headers: "headers" };

/** The fields that a failed validation names, the first one being the one to mend first. `context` is the part of the request. */
export function wrongFields(issues: readonly ValidationIssue[], context: string | undefined): readonly WrongField[] {
  const part = PARTS[context ?? ""] ?? "body";
  return issues
    .flatMap((issue) => fieldsOf(fromValidator(issue), []))
    .map((each) => ({ ...each, field: each.field || part }));
}

function fromValidator({
  keyword = "",
  instancePath = "/",
  message = "is not valid",
  params = {},
}: ValidationIssue): Issue {
  const path = instancePath.slice(1).split("/").filter(Boolean);
  return { ...params, code: keyword, path, message };
}

function fieldsOf(issue: Issue, above: readonly PropertyKey[]): readonly WrongField[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys" && issue.keys)
    return issue.keys.map((key) => ({ field: [...path, shownName(key)].join("."), message: "there is no such field" }));
  const branch = issue.code === "invalid_union" ? likeliest(issue.errors ?? []) : undefined;
  return branch?.flatMap((inner) => fieldsOf(inner, path)) ?? [{ field: path.join("."), message: issue.message }];
}

/** The branch of a union that its sender most likely meant: of the right type at all, and with the fewest faults. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const near = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  return near.toSorted((a, b) => a.length - b.length)[0];
}

/** A name that could be one of a field. Whoever sent a secret in its place does not get it written down in an error. */
function shownName(key: string): string {
  return /^[A-Za-z][A-Za-z._-]{0,23}$/.test(key) ? key : "?";
}
