import { expect, it } from "vitest";
import type { AdapterDriver, DeviceSession } from "./adapter-driver.ts";
import type { Bench } from "./bench.ts";
import { type MailboxBench, openMailbox, receiveSoon } from "./mailbox-bench.ts";

const MAX_MESSAGES = 1_000;
/** Longer than a test may take: what waits this long never ends by itself. */
const FOR_EVER_MS = 60_000;

/** What applications send, whatever way it goes to the device. */
export function describeMailbox({ delivery }: AdapterDriver, open: () => Bench): void {
  /** The device comes once more: on a new connection, or with the same token. */
  async function comeAgain(session: DeviceSession, mailbox: MailboxBench): Promise<DeviceSession> {
    if (delivery === "fetched") return session;
    await session.close();
    return mailbox.contact();
  }

  it("delivers a message that waits at the next contact, whole", async () => {
    const mailbox = await openMailbox(open());
    await mailbox.send("hello\0\u00e9");
    const session = await mailbox.contact();
    const message = await receiveSoon(session);
    expect(message).toMatchObject({ topic: mailbox.topic, payload: Buffer.from("hello\0\u00e9") });
    await session.close();
  });

  it("delivers messages in the order they were sent", async () => {
    const mailbox = await openMailbox(open());
    const texts = Array.from({ length: 12 }, (_, n) => `message ${n}`);
    for (const text of texts) await mailbox.send(text);
    const session = await mailbox.contact();
    const received: string[] = [];
    for (const _ of texts) {
      const message = await receiveSoon(session);
      received.push(message.payload.toString());
      await message.acknowledge();
    }
    expect(received).toEqual(texts);
    await session.close();
  });

  it("hands a message out again until it is acknowledged, and only then what was sent after it", async () => {
    const mailbox = await openMailbox(open());
    const [first, second] = [await mailbox.send("first"), await mailbox.send("second")];
    let session = await mailbox.contact();
    for (let contact = 0; contact < 2; contact += 1) {
      expect((await receiveSoon(session)).payload.toString()).toBe("first");
      session = await comeAgain(session, mailbox);
    }
    await (await receiveSoon(session)).acknowledge();
    await mailbox.reaches(first, "delivered");
    const next = await receiveSoon(session);
    expect(next.payload.toString()).toBe("second");
    await next.acknowledge();
    await mailbox.reaches(second, "delivered");
    session = await comeAgain(session, mailbox);
    await mailbox.send("third");
    expect((await receiveSoon(session)).payload.toString()).toBe("third");
    await session.close();
  });

  it("has a message go from queued to sent when it is handed out, and to delivered by the acknowledgement alone", async () => {
    const mailbox = await openMailbox(open());
    const id = await mailbox.send("x");
    expect(await mailbox.state(id)).toBe("queued");
    let session = await mailbox.contact();
    await receiveSoon(session);
    expect(await mailbox.state(id)).toBe("sent");
    session = await comeAgain(session, mailbox);
    const message = await receiveSoon(session);
    expect(await mailbox.state(id)).toBe("sent");
    await message.acknowledge();
    await mailbox.reaches(id, "delivered");
    await session.close();
  });

  it("refuses a message to a full mailbox, and takes one again when there is room", async () => {
    const mailbox = await openMailbox(open());
    for (let n = 0; n < MAX_MESSAGES; n += 1) expect(await mailbox.send("x")).toMatch(/^\d+$/);
    expect(await mailbox.send("one too many")).toBe("mailbox_full");
    const session = await mailbox.contact();
    await (await receiveSoon(session)).acknowledge();
    await expect.poll(() => mailbox.send("there is room")).toMatch(/^\d+$/);
    await session.close();
  });

  it("does not deliver a message whose time is over", async () => {
    const mailbox = await openMailbox(open());
    const stale = await mailbox.send("stale", 1);
    await mailbox.reaches(stale, "expired");
    await mailbox.send("fresh");
    const session = await mailbox.contact();
    expect((await receiveSoon(session)).payload.toString()).toBe("fresh");
    expect(await mailbox.state(stale)).toBe("expired");
    await session.close();
  });

  it("has a message reach a device that waits already", async () => {
    const mailbox = await openMailbox(open());
    const session = await mailbox.contact();
    const arriving = session.receive(FOR_EVER_MS);
    await mailbox.isWaitedFor();
    await mailbox.send("now");
    expect((await arriving)?.payload.toString()).toBe("now");
    await session.close();
  });

  it("gives a revoked device nothing more, and does not let it wait", async () => {
    const mailbox = await openMailbox(open());
    const session = await mailbox.contact();
    const arriving = session.receive(FOR_EVER_MS);
    await mailbox.isWaitedFor();
    await mailbox.disable();
    const id = await mailbox.send("too late");
    expect(await arriving).toBeUndefined();
    expect(await session.receive(FOR_EVER_MS)).toBeUndefined();
    expect(await mailbox.state(id)).toBe("queued");
    await session.close();
  });
}
