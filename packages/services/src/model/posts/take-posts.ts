import type { ServiceHost, ServiceMessage } from "../../contracts.ts";
import type { AlinkAnswer } from "../../kit/alink/alink.ts";
import type { ProductMemory } from "../../kit/memory.ts";
import type { KnownModel } from "../known-model.ts";
import type { ModelHistory } from "../stores/history.ts";
import type { LastValues } from "../stores/last-values.ts";
import { judge, type Wrong } from "./judge.ts";
import { isPostFault, type Posted, type PostFault } from "./posted.ts";
import { eventRecord, type ModelRecord, propertiesRecord, wrongData } from "./records.ts";

/** What a message brings of one device. */
export interface Posting {
  /** Properties, as often as there are values of one: each of them once in a round. */
  readonly rounds: readonly (readonly Posted[])[];
  readonly events: readonly Posted[];
}

/** Reads a message. */
export type ParsePosting = (params: unknown, message: ServiceMessage) => Posting | PostFault;

interface Deps {
  readonly models: Pick<ProductMemory<KnownModel>, "of">;
  readonly values: Pick<LastValues, "save">;
  readonly history: Pick<ModelHistory, "addValues" | "addEvents">;
  readonly uplink: Pick<ServiceHost["uplink"], "announce">;
}

/**
 * Makes what takes posts of devices (wire-format 8.1): they are judged by the model of the product, last values and history are kept, and
 * applications read them in the form of wire-format 9.3. Without a model everything is answered 200 and stays as it came.
 */
export function createTakePosts({ models, values, history, uplink }: Deps) {
  async function keep({ rounds, events }: Posting, { model, ...known }: KnownModel, message: ServiceMessage) {
    const { historyDays } = known;
    const properties = rounds.flat().filter(({ identifier }) => model?.properties.has(identifier));
    await Promise.all([
      values.save(message, properties),
      historyDays > 0 && properties.length > 0 ? history.addValues(message, properties, historyDays) : undefined,
      historyDays > 0 && events.length > 0 ? history.addEvents(message, events, historyDays) : undefined,
    ]);
  }

  return (parse: ParsePosting) =>
    async (params: unknown, message: ServiceMessage, requestId: string): Promise<AlinkAnswer> => {
      const known = await models.of(message.device.productKey);
      const { model } = known;
      if (!model) return { code: 200 };
      const posting = parse(params, message);
      if (isPostFault(posting)) return posting;
      const rounds = posting.rounds.map((posted) => judge(posted, "properties", known));
      const events = judge(posting.events, "events", known);
      await keep({ rounds: rounds.map(({ kept }) => kept), events: events.kept }, known, message);

      const records = [
        ...rounds.map((round) => propertiesRecord(message, requestId, round)),
        ...events.kept.map((event) => eventRecord(message, requestId, { event, model, wrong: events.wrong })),
      ];
      const last = records.pop();
      for (const { topic, body } of records) await uplink.announce(message.device, topic, body);
      const isKept = [...rounds, events].some(({ kept }) => kept.length > 0);
      return {
        ...told([...rounds.flatMap(({ wrong }) => wrong), ...events.wrong], isKept),
        // Where not even a part is kept of an event, the message stays in the log as it came: nothing is dropped unseen.
        ...(last ? { record: encode(last) } : {}),
      };
    };
}

/** Code 200 unless nothing at all was kept: a device that reads no further than the code has to know (wire-format 8.1). */
function told(wrong: readonly Wrong[], isKept: boolean): AlinkAnswer {
  const data = wrongData(wrong);
  const [first] = wrong;
  if (isKept || !first) return { code: 200, data };
  return { code: wrong.length === 1 ? first.code : 460, message: first.message, data };
}

function encode({ topic, body }: ModelRecord) {
  return { topic, payload: Buffer.from(JSON.stringify(body)) };
}
