import type { DeviceServices } from "@trine/core/ports";

/** Answers what devices post of their thing model on its reply topic, with their id and code 200, and does nothing else. */
export const ANSWERING_SERVICES: DeviceServices = {
  serves: () => false,
  async serve(_session, { topic, payload }) {
    if (!/\/thing\/event\/[^/]+\/post$/.test(topic)) return undefined;
    const { id } = readObject(payload);
    return { reply: { topic: `${topic}_reply`, payload: Buffer.from(JSON.stringify({ id, code: 200 })) } };
  },
  opened: () => undefined,
  told: async () => undefined,
  download: async () => "missing",
  evict: () => undefined,
  clear: () => undefined,
};

function readObject(payload: Buffer): { readonly id?: unknown } {
  try {
    return (JSON.parse(payload.toString()) as { id?: unknown } | null) ?? {};
  } catch {
    return {};
  }
}
