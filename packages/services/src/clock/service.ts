import type { DeviceService } from "../contracts.ts";
import { parseObject } from "../kit/alink/parse-object.ts";
import { rawMember } from "../kit/alink/raw-member.ts";

/**
 * Answers devices that ask for the time (wire-format 6.3). `deviceSendTime` is echoed with its type; without one there is no answer, and no
 * code could say that the service is off.
 */
export const service: DeviceService = {
  name: "clock",
  summary: "tells devices the time (NTP over their connection)",
  isOnByDefault: true,
  open: ({ clock }) => ({
    topics: {
      "/ext/ntp/{pk}/{dn}/request": {
        serve({ topic, payload, receivedAtMs }) {
          const request = parseObject(payload);
          const sentAt = request && rawMember(request.text, "deviceSendTime");
          if (sentAt === undefined) return { code: "malformed" };
          const body = `{"deviceSendTime":${sentAt},"serverRecvTime":"${receivedAtMs}","serverSendTime":"${clock.nowMs()}"}`;
          return { code: "ok", reply: { topic: topic.replace(/request$/, "response"), payload: Buffer.from(body) } };
        },
        refuse: () => ({ code: "off" }),
      },
    },
  }),
};
