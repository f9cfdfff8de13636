import { describeAdapter } from "@trine/testkit/conformance";
import { describe } from "vitest";
import { createMqttDriver } from "./driver.ts";
import { CHANNELS } from "./raw-client.ts";

describe.each(CHANNELS)("over %s", (channel) => describeAdapter(createMqttDriver(channel)));
