import { InvalidArgumentError } from "commander";

/** Reads the value of an option that is a whole number. @throws InvalidArgumentError for anything else. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It is no whole number.");
  return Number(text);
}
