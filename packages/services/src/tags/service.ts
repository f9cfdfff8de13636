import type { TagChange } from "@trine/core/ports";
import { DEVICE_FACTS } from "@trine/core/registry";
import type { DeviceService, ServiceMessage } from "../contracts.ts";
import { type AlinkAnswer, alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { parseDelete, parseUpdate } from "./parse-tags.ts";

const MOST_TAGS = DEVICE_FACTS.tags;

const TOO_MANY = { code: 460, message: `a device has ${MOST_TAGS} tags at most` } as const;

/** Devices set and delete their own tags (wire-format 8.4): the same that operators see and set. */
export const service: DeviceService = {
  name: "tags",
  summary: "devices set and delete their own tags",
  isOnByDefault: true,
  open({ registry }) {
    async function change({ device }: ServiceMessage, wanted: TagChange): Promise<AlinkAnswer> {
      return (await registry.changeTags(device, wanted, MOST_TAGS)) === "too_many" ? TOO_MANY : { code: 200 };
    }
    return {
      topics: {
        "/sys/{pk}/{dn}/thing/deviceinfo/update": alink((params, message) => {
          const set = parseUpdate(params);
          return set ? change(message, { set: Object.fromEntries(set), remove: [] }) : PARAMETER_ERROR;
        }),
        "/sys/{pk}/{dn}/thing/deviceinfo/delete": alink((params, message) => {
          const remove = parseDelete(params);
          return remove ? change(message, { set: {}, remove }) : PARAMETER_ERROR;
        }),
      },
    };
  },
};
