/** The name of this adapter in logs, metrics and the policies of products. */
export const TRANSPORT = "mqtt";
