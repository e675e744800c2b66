/**
 * Names the tests that passed only at their second attempt, at the end of a run. CI repeats a failed test that uses
 * servers once, since two cores shared with Temporal and PostgreSQL can make anything late. Each of these is a bug.
 */
export default class FlakyReporter {
  #flaky = [];

  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky) this.#flaky.push(`${test.module.relativeModuleId}: ${test.fullName}`);
  }

  onTestRunEnd() {
    if (this.#flaky.length === 0) return;
    console.log('\nPassed only at the second attempt, so there is a bug in the test or in what it tests:');
    for (const name of this.#flaky) console.log(`  ${name}`);
  }
}
