import { describeAdapter } from "@trine/testkit/conformance";
import { coapDriver } from "./driver.ts";

describeAdapter(coapDriver);
