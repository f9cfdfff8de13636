import type { DeviceRef } from "@trine/core/certificate";
import { FOREIGN_KEY_VIOLATION, query, type SqlDatabase, sqlState } from "@trine/postgres";
import { and, eq, sql } from "drizzle-orm";
import { modelCalls } from "../tables.ts";

/** What a device was asked to do. */
export interface Call {
  /** The id of the request in the vendor's envelope: 0 to 4294967295, once for a device (wire-format 6.5). */
  readonly callId: number;
  /** What follows `thing/service/`, such as `property/set`. */
  readonly service: string;
  readonly params: unknown;
  readonly createdAtMs: number;
  /** After this the device is not expected to answer any more. */
  readonly expiresAtMs: number;
  readonly answer: CallAnswer | undefined;
}

/** What a device said. */
export interface CallAnswer {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly answeredAtMs: number;
}

/** Calls of devices, durable. Every method throws when the store cannot answer. */
export interface CallStore {
  /**
   * Notes a call before it is sent.
   *
   * @param call.waitingNode the node on which somebody waits for the answer.
   * @returns whether the id was free; `gone` when there is no such device.
   */
  open(
    device: DeviceRef,
    call: Omit<Call, "answer"> & { readonly waitingNode: string | undefined },
  ): Promise<boolean | "gone">;
  /** It could not be sent. */
  remove(device: DeviceRef, callId: number): Promise<void>;
  /**
   * Notes the answer to a call of that service. Of several answers the first one stays, even one that is late.
   *
   * @returns nothing when there is no such call, else who waits for it.
   */
  answer(
    device: DeviceRef,
    { callId, service }: Pick<Call, "callId" | "service">,
    answer: CallAnswer,
  ): Promise<{ readonly waitingNode: string | undefined } | undefined>;
  find(device: DeviceRef, callId: number): Promise<Call | undefined>;
  /** Forgets calls that were made before a time, at most `limit`. @returns how many. */
  drop(beforeMs: number, limit: number): Promise<number>;
}

/** Calls in SQL. */
export function createSqlCallStore({ db }: SqlDatabase): CallStore {
  const isIt = ({ productKey, deviceName }: DeviceRef, callId: number) =>
    and(eq(modelCalls.productKey, productKey), eq(modelCalls.deviceName, deviceName), eq(modelCalls.callId, callId));
  return {
    async open({ productKey, deviceName }, { params, waitingNode = null, ...call }) {
      try {
        const opened = await db
          .insert(modelCalls)
          .values({ productKey, deviceName, ...call, params: JSON.stringify(params), waitingNode })
          .onConflictDoNothing()
          .returning({ callId: modelCalls.callId });
        return opened.length > 0;
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "gone";
        throw error;
      }
    },
    async remove(device, callId) {
      await db.delete(modelCalls).where(isIt(device, callId));
    },
    async answer(device, { callId, service }, { code, message, data, answeredAtMs }) {
      const [row] = await query<{ waitingNode: string | null }>(
        db,
        // The columns of an earlier answer stay: of one statement each reads what was there before.
        sql`update ${modelCalls} set
            code = case when answered_at_ms is null then ${code}::bigint else code end,
            message = case when answered_at_ms is null then ${message} else message end,
            data = case when answered_at_ms is null then ${JSON.stringify(data)} else data end,
            answered_at_ms = coalesce(answered_at_ms, ${answeredAtMs}::bigint)
          where ${and(isIt(device, callId), eq(modelCalls.service, service))}
          returning waiting_node as "waitingNode"`,
      );
      return row && { waitingNode: row.waitingNode ?? undefined };
    },
    async find(device, callId) {
      const [row] = await db.select().from(modelCalls).where(isIt(device, callId));
      if (!row) return undefined;
      const { service, params, createdAtMs, expiresAtMs, answeredAtMs, code, message, data } = row;
      const answer =
        answeredAtMs === null
          ? undefined
          : { code: code ?? 0, message: message ?? "", data: parse(data), answeredAtMs };
      return { callId, service, params: parse(params), createdAtMs, expiresAtMs, answer };
    },
    async drop(beforeMs, limit) {
      const rows = await query(
        db,
        sql`delete from ${modelCalls} where ctid = any(array(
            select ctid from ${modelCalls} where created_at_ms < ${beforeMs} order by created_at_ms limit ${limit}))
          returning 1`,
      );
      return rows.length;
    },
  };
}

function parse(json: string | null): unknown {
  return json === null ? undefined : JSON.parse(json);
}
