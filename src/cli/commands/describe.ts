import type { Command } from 'commander';

import type { AnalysisRunReport } from '../../server/view/analysis-run-report.ts';
import type { ExperimentDetail } from '../../server/view/experiment-detail.ts';
import type { CliContext } from '../context.ts';
import { objectName, objectPath } from '../object-name.ts';
import { openSession } from '../session.ts';
import { describeAnalysisRun } from '../show/analysis-run-table.ts';
import { describeExperiment } from '../show/experiment-tree.ts';
import type { TreeKind } from '../watch-tree.ts';

interface DescribedKind<Detail> extends TreeKind<Detail> {
  readonly alias: string;
  readonly description: string;
}

/** `describe`: one AnalysisRun with its evidence and measurements, or one Experiment with all that is said about it. */
export function addDescribe(program: Command, context: CliContext): void {
  const describe = program.command('describe').description('Show one object in detail');
  const run: DescribedKind<AnalysisRunReport> = {
    kind: 'analysisrun',
    title: 'AnalysisRun',
    alias: 'ar',
    description: 'Show an AnalysisRun with its evidence',
    tree: describeAnalysisRun,
  };
  const experiment: DescribedKind<ExperimentDetail> = {
    kind: 'experiment',
    title: 'Experiment',
    alias: 'exp',
    description: 'Show an Experiment with its templates, analyses and conditions',
    tree: describeExperiment,
  };
  addDescribeOne(describe, context, run);
  addDescribeOne(describe, context, experiment);
}

function addDescribeOne<Detail>(describe: Command, context: CliContext, described: DescribedKind<Detail>): void {
  const { kind, title, alias, description, tree } = described;
  describe
    .command(kind)
    .aliases([`${kind}s`, alias])
    .argument('<name>', `the ${title}`)
    .description(description)
    .addHelpText('after', `\nExamples:\n  sluice describe ${kind} web-6c5-2-1 -n shop`)
    .action(async (name: string, _: object, self: Command) => {
      const session = await openSession(self, context);
      const path = objectPath(session.options.namespace, `${kind}s`, objectName(name, kind));
      // The API answers by this schema.
      session.print(tree((await session.client.get(path)) as Detail, context.clock.now(), session.paint));
    });
}
