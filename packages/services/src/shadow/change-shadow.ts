import { mergeAttributes, removeAttributes } from "./merge-attributes.ts";
import { type Attributes, EMPTY_SECTION, type Section, SHADOW_LIMITS, type Shadow } from "./shadow.ts";

/** What is to become of a section. */
export type SectionChange =
  | { readonly is: "patched"; readonly by: Attributes }
  | { readonly is: "replaced"; readonly by: Attributes }
  | { readonly is: "removed"; readonly by: Attributes }
  | { readonly is: "cleared" };

/** What somebody wants of a shadow. */
export interface ShadowChange {
  /** The version that it is to have: one above the stored one, whichever that is; or -1, which starts again. Absent: the next one. */
  readonly version?: number;
  readonly reported?: SectionChange;
  readonly desired?: SectionChange;
  /** Refused where there is no shadow. */
  readonly needsShadow?: true;
}

/** Why a shadow stays as it is. */
export type ShadowRefusal = "no_shadow" | "version_conflict" | "too_many_attributes" | "too_large";

/** The version that is always accepted; the stored one is 0 afterwards. */
const START_AGAIN = -1;

/**
 * What a shadow is after a change (wire-format 8.2): the version has to exceed the stored one, the attributes that are named get the time, and all
 * that is not named stays.
 *
 * @param shadow absent: there is none yet, and any version exceeds its own.
 * @param now seconds since 1970.
 */
export function changeShadow(
  shadow: Shadow | undefined,
  { version, reported, desired, needsShadow }: ShadowChange,
  now: number,
): Shadow | ShadowRefusal {
  if (needsShadow && !shadow) return "no_shadow";
  const next = nextVersion(shadow?.version, version);
  if (next === undefined) return "version_conflict";
  const changed: Shadow = {
    version: next,
    changedAt: now,
    reported: changeSection(shadow?.reported ?? EMPTY_SECTION, reported, now),
    desired: changeSection(shadow?.desired ?? EMPTY_SECTION, desired, now),
  };
  return exceededLimit(changed) ?? changed;
}

function nextVersion(stored: number | undefined, wanted: number | undefined): number | undefined {
  if (wanted === START_AGAIN) return 0;
  const next = wanted ?? (stored ?? 0) + 1;
  return next > (stored ?? START_AGAIN) && Number.isSafeInteger(next) ? next : undefined;
}

function changeSection(section: Section, change: SectionChange | undefined, now: number): Section {
  if (!change) return section;
  if (change.is === "cleared") return EMPTY_SECTION;
  const state = stateAfter(section.state, change);
  const since = Object.keys(state).map((name) => [name, Object.hasOwn(change.by, name) ? now : section.since[name]]);
  return { state, since: Object.fromEntries(since) };
}

function stateAfter(state: Attributes, { is, by }: Exclude<SectionChange, { is: "cleared" }>): Attributes {
  if (is === "removed") return removeAttributes(state, by);
  return mergeAttributes(is === "patched" ? state : {}, by);
}

function exceededLimit({ reported, desired }: Shadow): ShadowRefusal | undefined {
  const { attributes, bytes } = SHADOW_LIMITS;
  if ([reported, desired].some(({ state }) => Object.keys(state).length > attributes)) return "too_many_attributes";
  const size = Buffer.byteLength(JSON.stringify({ reported: reported.state, desired: desired.state }));
  return size > bytes ? "too_large" : undefined;
}
