/** Bounds of what an operator may note about a device. */
export const DEVICE_FACTS = { nicknameChars: 64, tags: 100, tagNameChars: 64, tagValueChars: 256 } as const;

/** What is wrong with a device's nickname or tags, for a line of a batch: a stable code and a sentence. */
export function checkDeviceFacts(facts: {
  nickname?: string;
  tags?: Readonly<Record<string, string>>;
}): readonly [code: string, message: string] | undefined {
  const { nickname, tags = {} } = facts;
  const { nicknameChars, tags: most, tagNameChars, tagValueChars } = DEVICE_FACTS;
  if (nickname !== undefined && !fits(nickname, 1, nicknameChars))
    return ["nickname_invalid", `a nickname has 1 to ${nicknameChars} characters`];
  const pairs = Object.entries(tags);
  if (pairs.length > most) return ["tags_invalid", `at most ${most} tags`];
  if (!pairs.every(([name]) => fits(name, 1, tagNameChars)))
    return ["tags_invalid", `the name of a tag has 1 to ${tagNameChars} characters`];
  if (!pairs.every(([, value]) => fits(value, 0, tagValueChars)))
    return ["tags_invalid", `the value of a tag has at most ${tagValueChars} characters`];
  return undefined;
}

function fits(text: string, least: number, most: number): boolean {
  return text.length >= least && text.length <= most;
}
