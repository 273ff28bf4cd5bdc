/**
 * The one line at the end of a CI run, `N passed, N failed`, counted from vitest's own JSON reports.
 *
 * A file that could not even be loaded counts as one failure, a report that is absent or unreadable too, and a test that
 * was skipped is a failure: in CI every part is there (test/parts.ts), so nothing has a reason to be left out.
 */
import { readFile } from 'node:fs/promises';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** What went wrong that is no failed test. */
  readonly remarks: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** `text` is undefined when the suite left no report. */
export function count(suite: string, text: string | undefined): Counts {
  let report: Report;
  try {
    report = JSON.parse(text ?? '') as Report;
    if (report.testResults.length === 0) return { passed: 0, failed: 1, remarks: [`${suite}: no test file was run`] };
  } catch {
    return { passed: 0, failed: 1, remarks: [`${suite}: no report`] };
  }
  let passed = 0;
  let failed = 0;
  const remarks: string[] = [];
  for (const file of report.testResults) {
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) {
      failed++;
      remarks.push(`${suite}: ${file.name} failed outside of its tests`);
    }
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else failed++;
      if (test.status !== 'passed' && test.status !== 'failed') remarks.push(`${suite}: ${test.status}: ${test.fullName}`);
    }
  }
  return { passed, failed, remarks };
}

export function sum(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((total, counts) => total + counts.passed, 0),
    failed: all.reduce((total, counts) => total + counts.failed, 0),
    remarks: all.flatMap((counts) => counts.remarks),
  };
}

/** Arguments: one report file per suite. */
if (import.meta.main) {
  const files = process.argv.slice(2);
  const all = await Promise.all(
    files.map(async (file) => count(file.replace(/^.*\/|\.json$/g, ''), await readFile(file, 'utf8').catch(() => undefined))),
  );
  const { passed, failed, remarks } = sum(all);
  for (const remark of remarks) console.log(remark);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
