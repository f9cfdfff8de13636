import { describeAdapter } from "../src/conformance/index.ts";
import { createDirectDriver } from "./direct-driver.ts";

describeAdapter(createDirectDriver("connection"));
describeAdapter(createDirectDriver("token"));
