import type { TestServer } from "@trine/testkit/servers";
import type { ManyNodes, NodesRedis } from "../many-nodes.ts";
import type { Traffic } from "../traffic/traffic.ts";

/** A fault that many nodes must survive. */
export interface Scenario<R extends NodesRedis = TestServer> {
  readonly name: string;
  /**
   * Does the harm in the middle of traffic, and mends it.
   *
   * @returns what went wrong that the traffic itself does not show, a sentence each.
   */
  strike(trine: ManyNodes<R>, traffic: Traffic): Promise<readonly string[]>;
}
