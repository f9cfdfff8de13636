import { afterAll, describe, expect, it } from "vitest";
import { BATCH_CASES, createCaseRunner } from "../src/fuzz/case-runner.ts";
import { describeFailure } from "../src/fuzz/fuzz-report.ts";
import { type FuzzTarget, InvariantError } from "../src/fuzz/fuzz-target.ts";
import { repeatCase } from "../src/fuzz/run-fuzz.ts";
import { TARGETS } from "../src/fuzz/targets.ts";

// The same at every run: a build does not fail by chance. `npm run test:fuzz` draws another seed each time.
const SEED = 20_211;
const BATCHES = 4;

describe(`the first ${BATCHES * BATCH_CASES} cases of seed ${SEED}`, () => {
  const runner = createCaseRunner(TARGETS, SEED);
  let cases = 0;
  afterAll(() => expect(cases).toBe(BATCHES * BATCH_CASES));

  it.each(TARGETS.map(({ name }) => name))(
    "%s: nothing throws, grows, hangs or comes back as something else",
    async (only) => {
      for (let batch = 0; batch < BATCHES; batch += 1) {
        const { figures, failures } = await runner.runBatch(batch, { only });
        cases += figures[only]?.cases ?? 0;
        expect(failures.map(describeFailure)).toEqual([]);
      }
    },
  );
});

describe("a fuzzer that would find nothing", () => {
  const broken = (run: FuzzTarget["open"]): FuzzTarget => ({ name: "broken", share: 1, open: run });

  it("is not this one: a case that goes wrong is found, told with its bytes, and the same again by its number", async () => {
    const target = broken(() => ({
      run(random, note) {
        const bytes = random.bytes(2);
        note(bytes);
        if (bytes[0] === 7) throw new InvariantError("a seven");
      },
    }));
    const [first, second] = [
      await createCaseRunner([target], 1).runBatch(0),
      await createCaseRunner([target], 1).runBatch(0),
    ];
    expect(first.failures.length).toBeGreaterThan(0);
    expect(first.failures[0]?.input).toMatch(/^hex 07[0-9a-f]{2}$/);
    expect(second.failures.map(({ caseNumber, input }) => [caseNumber, input])).toEqual(
      first.failures.map(({ caseNumber, input }) => [caseNumber, input]),
    );
  });

  it("is not this one: what spoils a prototype, and what takes long, is found", async () => {
    const polluting = broken(() => ({ run: () => void Object.assign(Object.prototype, { polluted: true }) }));
    const { failures } = await createCaseRunner([polluting], 1).runBatch(0, { through: 3 });
    Reflect.deleteProperty(Object.prototype, "polluted");
    expect(failures.map(({ message }) => message)).toEqual([expect.stringContaining("the prototype of Object")]);
    const slow = broken(() => ({
      run() {
        const until = performance.now() + 260;
        while (performance.now() < until);
      },
    }));
    const late = await createCaseRunner([slow], 1).runBatch(0, { through: 0 });
    expect(late.failures.map(({ message }) => message)).toEqual([expect.stringMatching(/took 2\d\d ms, 3 times/)]);
  });

  it("says nothing of a case that is as it must be", async () => {
    expect(await repeatCase(SEED, 12)).toBeUndefined();
  });
});
