import type { Command } from 'commander';

import type { AnalysisRunReport } from '../../server/view/analysis-run-report.ts';
import type { CliContext } from '../context.ts';
import { listQuery, objectName, objectPath } from '../object-name.ts';
import { addOutputOption, serialise, type OutputFormat } from '../output-format.ts';
import { openSession, type Session } from '../session.ts';
import { analysisRunHeader, analysisRunRow } from '../show/analysis-run-table.ts';
import { table } from '../show/table.ts';

interface GetOptions {
  readonly output: OutputFormat;
  readonly allNamespaces?: boolean;
}

const examples = `
Examples:
  sluice get analysisruns -n shop          AnalysisRuns of a namespace
  sluice get analysisruns -A -o wide       of all namespaces, with their messages
  sluice get analysisrun web-6c5-2-1 -o yaml`;

/** `get analysisruns`: a table of AnalysisRuns, or one of them. */
export function addGetAnalysisRuns(get: Command, context: CliContext): void {
  const command = get
    .command('analysisruns')
    .aliases(['analysisrun', 'ar'])
    .argument('[name]', 'one AnalysisRun; all without it')
    .description('Show AnalysisRuns')
    .option('-A, --all-namespaces', 'look in all namespaces')
    .addHelpText('after', examples);
  addOutputOption(command).action(async (name: string | undefined, options: GetOptions, self: Command) => {
    const session = openSession(self, context);
    if (name === undefined) await listRuns(session, options);
    else await showRun(session, objectName(name, 'analysisrun'), options);
  });
}

async function showRun(session: Session, name: string, options: GetOptions): Promise<void> {
  const path = objectPath(session.options.namespace, 'analysisruns', name);
  const run = (await session.client.get(path)) as AnalysisRunReport;
  if (options.output === 'json' || options.output === 'yaml') session.print(serialise(run, options.output));
  else print(session, [run], options);
}

async function listRuns(session: Session, options: GetOptions): Promise<void> {
  const { namespace } = session.options;
  const query = listQuery(options.allNamespaces === true ? undefined : namespace);
  const list = (await session.client.get(`/api/v1/analysisruns${query}`)) as { items: readonly AnalysisRunReport[] };
  if (options.output === 'json' || options.output === 'yaml') session.print(serialise(list, options.output));
  else if (list.items.length > 0 || options.output === 'name') print(session, list.items, options);
  else session.context.stderr.write(`No AnalysisRuns found${query === '' ? '' : ` in namespace ${namespace}`}.\n`);
}

function print(session: Session, runs: readonly AnalysisRunReport[], { output, allNamespaces = false }: GetOptions) {
  if (output === 'name') {
    session.print(runs.map(({ name }) => `analysisrun.argoproj.io/${name}`));
    return;
  }
  const shape = { isWide: output === 'wide', hasNamespaces: allNamespaces };
  const rows = runs.map((run) => analysisRunRow(run, shape, session.context.clock.now()));
  session.print(table(analysisRunHeader(shape), rows, session.paint));
}
