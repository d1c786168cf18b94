import type { Command } from 'commander';

import type { AnalysisRunReport } from '../../server/view/analysis-run-report.ts';
import type { CliContext } from '../context.ts';
import { objectName, objectPath } from '../object-name.ts';
import { openSession } from '../session.ts';
import { describeAnalysisRun } from '../show/analysis-run-table.ts';

const examples = `
Examples:
  sluice describe analysisrun web-6c5-2-1 -n shop`;

/** `describe analysisrun`: one AnalysisRun with its evidence and measurements. */
export function addDescribe(program: Command, context: CliContext): void {
  program
    .command('describe')
    .description('Show one object in detail')
    .command('analysisrun')
    .aliases(['analysisruns', 'ar'])
    .argument('<name>', 'the AnalysisRun')
    .description('Show an AnalysisRun with its evidence')
    .addHelpText('after', examples)
    .action(async (name: string, _: object, self: Command) => {
      const session = openSession(self, context);
      const path = objectPath(session.options.namespace, 'analysisruns', objectName(name, 'analysisrun'));
      const run = (await session.client.get(path)) as AnalysisRunReport; // the API answers by this schema
      session.print(describeAnalysisRun(run, context.clock.now(), session.paint));
    });
}
