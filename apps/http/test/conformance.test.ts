import { describeAdapter } from "@trine/testkit/conformance";
import { httpDriver } from "./driver.ts";

describeAdapter(httpDriver);
