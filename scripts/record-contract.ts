import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import type { Json } from '../src/api/object.ts';
import { messageOf } from '../src/base/error.ts';
import { contractCases, runCase } from '../test/contract/cluster.ts';
import { realCluster } from '../test/contract/real-cluster.ts';
import { recordedAnswers, recordedFile, recordedVersions } from '../test/contract/recorded-answers.ts';
import { startOwnControlPlane } from '../test/control-plane/control-plane.ts';

// Runs the contract suite against a real API server and keeps its answers as what other clusters are compared with.
// The file carries the Kubernetes version in its name, so that the next version's answers show as a diff. Nothing is
// written when a case does not hold: then the suite claims what Kubernetes does not do.

const started = await startOwnControlPlane();
if (!started.ok) {
  console.error(started.error);
  process.exit(1);
}
const plane = started.value;
try {
  const target = await realCluster(plane);
  const record: Record<string, Json> = {};
  const failures: string[] = [];
  for (const contractCase of contractCases) {
    try {
      record[contractCase.name] = await runCase(target, contractCase);
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
      failures.push(`${contractCase.name}: ${messageOf(error)}${cause}`);
    }
  }
  if (failures.length > 0) {
    console.error(`${failures.length} of ${contractCases.length} cases do not hold on Kubernetes ${plane.version}:`);
    for (const failure of failures) console.error(`- ${failure}`);
    process.exitCode = 1;
  } else {
    const file = recordedFile(plane.version);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`);
    console.log(`${contractCases.length} cases recorded in ${file}`);
    reportDifferences(plane.version);
  }
} finally {
  await plane.stop();
}

/** Names the cases that another recorded version answered differently. */
function reportDifferences(version: string): void {
  const answers = recordedAnswers(version);
  for (const other of recordedVersions().filter((name) => name !== version)) {
    const before = recordedAnswers(other);
    const different = Object.keys(answers).filter((name) => !isDeepStrictEqual(answers[name], before[name]));
    console.log(`${different.length} cases differ from ${other}${different.map((name) => `\n- ${name}`).join('')}`);
  }
}
