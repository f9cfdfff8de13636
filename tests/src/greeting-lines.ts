/** The lines that the gateway prints at its first start for people to paste, by the program that they start; over TLS: all of them. */
export function greetingLines(
  logs: readonly string[],
): Readonly<Record<"mosquitto_pub" | "curl" | "coap-client", string>> & { readonly secure: readonly string[] } {
  const find = (program: string) => {
    const line = logs.map((each) => each.trim()).find((each) => each.startsWith(program));
    if (!line) throw new Error(`the gateway printed no line with ${program}:\n${logs.join("\n")}`);
    return line;
  };
  const secure = logs
    .map((each) => each.trim())
    .filter((each) => /^(?:mosquitto_pub|curl) .*--(?:cafile|psk|cacert) /.test(each));
  return { secure, mosquitto_pub: find("mosquitto_pub "), curl: find("curl "), "coap-client": find("coap-client") };
}
