import { describe, expect, it } from "vitest";
import { isProblem } from "../../registry/problem.ts";
import { checkTopicClasses } from "./check-topic-classes.ts";
import { DEFAULT_TOPIC_CLASSES } from "./default-topic-classes.ts";

describe("topic classes that an operator gives", () => {
  it("pass when they are the defaults, none at all, or use wildcards as levels", () => {
    expect(checkTopicClasses(DEFAULT_TOPIC_CLASSES)).toBeUndefined();
    expect(checkTopicClasses([])).toBeUndefined();
    expect(checkTopicClasses(classes("a-b.c@d:e_f", "+/state", "user/+/x/#", "#"))).toBeUndefined();
    expect(checkTopicClasses(classes("1/2/3/4/5", "x".repeat(73)))).toBeUndefined();
  });

  it.each([
    ["", "levels of"],
    ["/user", "levels of"],
    ["user/", "levels of"],
    ["user//a", "levels of"],
    ["us er", "levels of"],
    ["user/é", "levels of"],
    ["user/a+", "levels of"],
    ["user/#/a", "levels of"],
    ["$share/a", "levels of"],
    ["1/2/3/4/5/6", "at most 5 levels"],
    ["x".repeat(74), "at most 73 bytes"],
    ["thing/lifecycle", "the gateway's own"],
    ["user/get", "is there twice"],
  ])("%j is named as wrong", (suffix, why) => {
    const problem = checkTopicClasses(classes("user/get", suffix));
    expect(isProblem(problem) && problem).toMatchObject({ code: "invalid", field: "topics.1.suffix" });
    expect(problem?.detail).toContain(why);
  });

  it("are at most 50", () => {
    const many = classes(...Array.from({ length: 51 }, (_, at) => `user/${at}`));
    expect(checkTopicClasses(many.slice(1))).toBeUndefined();
    expect(checkTopicClasses(many)).toMatchObject({ code: "invalid", field: "topics" });
  });
});

function classes(...suffixes: string[]) {
  return suffixes.map((suffix) => ({ suffix, permission: "pub" as const }));
}
