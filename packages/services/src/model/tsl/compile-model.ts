import { checkOf, structCheck, type ValueCheck } from "./check-value.ts";
import type { DataType } from "./data-type.ts";
import { type ModelText, parseModel } from "./parse-model.ts";

/** A model as messages are judged by it. */
export interface Model {
  readonly properties: ReadonlyMap<string, { readonly check: ValueCheck; readonly isReadOnly: boolean }>;
  readonly events: ReadonlyMap<string, { readonly name: string; readonly type: string; readonly check: ValueCheck }>;
  readonly services: ReadonlyMap<string, { readonly check: ValueCheck; readonly isSync: boolean }>;
  /** As it was given. */
  readonly text: ModelText;
}

/** Makes the checks of a stored model; one that an older version of the gateway took and this one does not counts as none. */
export function compileModel(text: ModelText): Model | undefined {
  const parsed = parseModel(text);
  if ("fault" in parsed) return undefined;
  const { properties, events, services } = parsed.model;
  return {
    text,
    properties: new Map(
      properties.map((of) => [of.identifier, { check: checkOf(of.dataType), isReadOnly: of.accessMode === "r" }]),
    ),
    events: new Map(
      events.map(({ identifier, name = identifier, type, outputData }) => [
        identifier,
        { name, type, check: checkMembers(outputData) },
      ]),
    ),
    services: new Map(
      services.map(({ identifier, inputData, callType }) => [
        identifier,
        { check: checkMembers(inputData), isSync: callType === "sync" },
      ]),
    ),
  };
}

function checkMembers(members: readonly { identifier: string; dataType: DataType }[]): ValueCheck {
  return structCheck(new Map(members.map(({ identifier, dataType }) => [identifier, checkOf(dataType)])));
}
