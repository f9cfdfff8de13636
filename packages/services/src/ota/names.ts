import { z } from "zod";

/** The module of a device that does not name one (wire-format 8.3). */
export const DEFAULT_MODULE = "default";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** A module of devices: a part of them that has a firmware of its own. */
export const moduleName = z.string().regex(NAME, "1 to 64 of letters, digits, `.`, `_` and `-`");

/** A version of a firmware. It is compared for equality only. */
export const versionName = z.string().regex(NAME, "1 to 64 of letters, digits, `.`, `_` and `-`");
