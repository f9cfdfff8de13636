/**
 * Takes out commas that follow a comma, outside of texts. C SDK 2.x sends them when it deletes attributes (wire-format 0.17), and the device has
 * no other way to say it. One pass: a pattern would look for the end of a text again and again.
 */
export function withoutDoubledCommas(json: string): string {
  let kept = "";
  let isText = false;
  let isAfterComma = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charAt(at);
    if (isText && character === "\\") {
      kept += character + json.charAt(at + 1);
      at += 1;
      continue;
    }
    if (character === '"') isText = !isText;
    if (!isText && character === "," && isAfterComma) continue;
    kept += character;
    isAfterComma = !isText && (character === "," || (isAfterComma && isBlank(character)));
  }
  return kept;
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}
