/** The lines that the gateway prints at its first start for people to paste, by the program that they start. */
export function greetingLines(
  logs: readonly string[],
): Readonly<Record<"mosquitto_pub" | "curl" | "coap-client", string>> {
  const find = (program: string) => {
    const line = logs.map((each) => each.trim()).find((each) => each.startsWith(program));
    if (!line) throw new Error(`the gateway printed no line with ${program}:\n${logs.join("\n")}`);
    return line;
  };
  return { mosquitto_pub: find("mosquitto_pub "), curl: find("curl "), "coap-client": find("coap-client") };
}
