import type { ServiceCore } from "@trine/core/platform";

/** Path of everything that devices fetch by a link, on their HTTP ports. */
const DOWNLOADS = "/download/";
/** No level begins with a dot: clients resolve `..` before they ask. */
const SUBJECT = /^[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*$/;
const MOST_SUBJECT_CHARACTERS = 200;
const LINK = /^([a-z_]+)\/(\d{1,12})\.([\w-]+\.[\w-]+)\/(.+)$/;

/** What a link leads to. */
export interface LinkTarget {
  readonly service: string;
  /** What the service calls it. */
  readonly subject: string;
}

/** Links to what services give to devices. Whoever has one may fetch until it is over: it is what proves the right to. */
export interface Links {
  /**
   * @param ttlMs how long it holds.
   * @throws when the subject has other characters than letters, digits and `-._~`, in levels, or more than 200 of them.
   */
  make(target: LinkTarget, ttlMs: number): string;
  /** @param path behind `/download/`. @returns nothing unless a node of this installation made it and it still holds. */
  read(path: string): LinkTarget | undefined;
}

/** @param publicUrl where devices reach the HTTP adapter, without a slash at the end. */
export function createLinks({ signer, clock }: Pick<ServiceCore, "signer" | "clock">, publicUrl: string): Links {
  return {
    make({ service, subject }, ttlMs) {
      if (!SUBJECT.test(subject) || subject.length > MOST_SUBJECT_CHARACTERS)
        throw new Error(`${service} cannot link to ${subject}`);
      const endsAtS = String(Math.ceil((clock.nowMs() + ttlMs) / 1_000));
      const signature = signer.sign(signedText(service, endsAtS, subject));
      return `${publicUrl}${DOWNLOADS}${service}/${endsAtS}.${signature}/${subject}`;
    },
    read(path) {
      const [, service = "", endsAtS = "", signature = "", subject = ""] = LINK.exec(path) ?? [];
      if (!SUBJECT.test(subject) || !signer.isSigned(signedText(service, endsAtS, subject), signature))
        return undefined;
      return clock.nowMs() < Number(endsAtS) * 1_000 ? { service, subject } : undefined;
    },
  };
}

/** None of the parts holds a blank, so that no two links have one text. */
function signedText(service: string, endsAtS: string, subject: string): string {
  return `download ${service} ${endsAtS} ${subject}`;
}
