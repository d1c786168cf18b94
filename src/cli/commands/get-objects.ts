import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { listQuery, objectName, objectPath, type CommandedKind } from '../object-name.ts';
import { addOutputOption, serialise, type OutputFormat } from '../output-format.ts';
import { openSession, type Session } from '../session.ts';
import type { ListShape } from '../show/rollout-table.ts';
import { table, type Cell } from '../show/table.ts';

interface GetOptions {
  readonly output: OutputFormat;
  readonly allNamespaces?: boolean;
}

/** A kind whose objects are shown as lines of a table. */
export interface ShownKind<Report extends { readonly name: string }> {
  /** As commands call it, in the singular; its plural has an s. */
  readonly kind: CommandedKind;
  /** As Kubernetes calls it, e.g. `AnalysisRun`. */
  readonly title: string;
  readonly alias: string;
  /** Name of an object in the examples. */
  readonly example: string;
  header(shape: ListShape): readonly string[];
  row(report: Report, shape: ListShape, nowMs: number): readonly Cell[];
}

/** A command of `get`: a table of all objects of a kind, or one of them. */
export function addGetObjects<Report extends { readonly name: string }>(
  get: Command,
  context: CliContext,
  shown: ShownKind<Report>,
): void {
  const { kind, title, alias } = shown;
  const command = get
    .command(`${kind}s`)
    .aliases([kind, alias])
    .argument('[name]', `one ${title}; all without it`)
    .description(`Show ${title}s`)
    .option('-A, --all-namespaces', 'look in all namespaces')
    .addHelpText('after', examplesOf(shown));
  addOutputOption(command).action(async (name: string | undefined, options: GetOptions, self: Command) => {
    const session = openSession(self, context);
    if (name === undefined) await showAll(session, shown, options);
    else await showOne(session, shown, objectName(name, kind), options);
  });
}

function examplesOf({ kind, title, example }: Pick<ShownKind<never>, 'kind' | 'title' | 'example'>): string {
  const lines: readonly (readonly [string, string])[] = [
    [`sluice get ${kind}s -n shop`, `${title}s of a namespace`],
    [`sluice get ${kind}s -A -o wide`, 'of all namespaces, with their messages'],
    [`sluice get ${kind} ${example} -o yaml`, ''],
  ];
  return `\nExamples:\n${lines.map(([command, what]) => `  ${command.padEnd(39)}${what}`.trimEnd()).join('\n')}`;
}

async function showOne<Report extends { readonly name: string }>(
  session: Session,
  shown: ShownKind<Report>,
  name: string,
  options: GetOptions,
): Promise<void> {
  const path = objectPath(session.options.namespace, `${shown.kind}s`, name);
  const report = (await session.client.get(path)) as Report;
  if (options.output === 'json' || options.output === 'yaml') session.print(serialise(report, options.output));
  else print(session, shown, [report], options);
}

async function showAll<Report extends { readonly name: string }>(
  session: Session,
  shown: ShownKind<Report>,
  options: GetOptions,
): Promise<void> {
  const { namespace } = session.options;
  const query = listQuery(options.allNamespaces === true ? undefined : namespace);
  const list = (await session.client.get(`/api/v1/${shown.kind}s${query}`)) as { items: readonly Report[] };
  if (options.output === 'json' || options.output === 'yaml') session.print(serialise(list, options.output));
  else if (list.items.length > 0 || options.output === 'name') print(session, shown, list.items, options);
  else {
    const where = query === '' ? '' : ` in namespace ${namespace}`;
    session.context.stderr.write(`No ${shown.title}s found${where}.\n`);
  }
}

function print<Report extends { readonly name: string }>(
  session: Session,
  shown: ShownKind<Report>,
  reports: readonly Report[],
  { output, allNamespaces = false }: GetOptions,
): void {
  if (output === 'name') {
    session.print(reports.map(({ name }) => `${shown.kind}.argoproj.io/${name}`));
    return;
  }
  const shape = { isWide: output === 'wide', hasNamespaces: allNamespaces };
  const rows = reports.map((report) => shown.row(report, shape, session.context.clock.now()));
  session.print(table(shown.header(shape), rows, session.paint));
}
