import { describeAdapter } from "@trine/testkit/conformance";
import { describe } from "vitest";
import { createHttpDriver } from "./driver.ts";
import { CHANNELS } from "./raw-exchange.ts";

describe.each(CHANNELS)("over %s", (channel) => describeAdapter(createHttpDriver(channel)));
