import { describeAdapter } from "@trine/testkit/conformance";
import { mqttDriver } from "./driver.ts";

describeAdapter(mqttDriver);
