/** Lines that say that a process met something that it was not made for: errors, stack traces, warnings of the runtime. */
export function unexpectedLines(logs: readonly string[]): readonly string[] {
  return logs.filter((line) => {
    if (!line.startsWith("{")) return /^\s+at |Error\b|Warning:|Exception/.test(line);
    const { level } = JSON.parse(line) as { level?: string };
    return level === "error" || level === "fatal";
  });
}
