import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { listQuery, objectName, objectPath } from '../object-name.ts';
import { addOutputOption, serialise, type OutputFormat } from '../output-format.ts';
import { openSession, type Session } from '../session.ts';
import type { ListShape } from '../show/rollout-table.ts';
import { table, type Cell } from '../show/table.ts';
import { watchTree, type TreeKind } from '../watch-tree.ts';
import { watchTable } from './watch-table.ts';

/** Options of a command that shows objects. */
export interface GetOptions {
  readonly output: OutputFormat;
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
}

/** A kind whose objects are shown as lines of a table. */
export interface ShownKind<Report extends Named> extends Omit<TreeKind<Report>, 'tree'> {
  readonly alias: string;
  /** Name of an object in the examples. */
  readonly example: string;
  readonly header: (shape: ListShape) => readonly string[];
  readonly row: (report: Report, shape: ListShape, nowMs: number) => readonly Cell[];
  /** Everything about one of them, which can be watched too; without it, one is shown as its line. */
  readonly tree?: TreeKind<never>['tree'];
}

interface Named {
  readonly name: string;
}

/** A command of `get`: a table of all objects of a kind, or one of them. */
export function addGetObjects<Report extends Named>(get: Command, context: CliContext, shown: ShownKind<Report>): void {
  const { kind, title, alias, tree } = shown;
  const command = get
    .command(`${kind}s`)
    .aliases([kind, alias])
    .argument('[name]', `one ${title}; all without it`)
    .description(tree === undefined ? `Show ${title}s` : `Show ${title}s, or everything about one of them`)
    .option('-A, --all-namespaces', 'look in all namespaces')
    .addHelpText('after', examplesOf(shown));
  if (tree !== undefined) command.option('-w, --watch', 'go on and show changes');
  addOutputOption(command).action(async (name: string | undefined, options: GetOptions, self: Command) => {
    const session = await openSession(self, context);
    if (name !== undefined) await showOne(session, shown, objectName(name, kind), options);
    else if (options.watch === true) await watchTable(session, shown, options);
    else await showAll(session, shown, options);
  });
}

function examplesOf({ kind, title, example, tree }: ShownKind<never>): string {
  const lines: readonly (readonly [string, string])[] = [
    [`sluice get ${kind}s -n shop`, `${title}s of a namespace`],
    [`sluice get ${kind}s -A -o wide`, 'of all namespaces, with their messages'],
    ...(tree === undefined
      ? []
      : [[`sluice get ${kind} ${example} -n shop -w`, 'one of them as a live tree'] as const]),
    [`sluice get ${kind} ${example} -o yaml`, ''],
  ];
  return `\nExamples:\n${lines.map(([command, what]) => `  ${command.padEnd(39)} ${what}`.trimEnd()).join('\n')}`;
}

async function showOne<Report extends Named>(
  session: Session,
  shown: ShownKind<Report>,
  name: string,
  options: GetOptions,
): Promise<void> {
  const { kind, tree } = shown;
  const { namespace } = session.options;
  if (options.watch === true) {
    await watchOne(session, shown, name, options);
    return;
  }
  // The API answers by this schema.
  const report = (await session.client.get(objectPath(namespace, `${kind}s`, name))) as Report;
  if (tree !== undefined && isForPeople(options)) {
    session.print(tree(report as never, session.context.clock.now(), session.paint));
  } else {
    printOne(session, shown, report, options);
  }
}

async function watchOne<Report extends Named>(
  session: Session,
  shown: ShownKind<Report>,
  name: string,
  options: GetOptions,
): Promise<void> {
  const { kind, title, tree } = shown;
  if (tree !== undefined && isForPeople(options)) {
    await watchTree(session, { kind, title, tree }, name);
    return;
  }
  for await (const { event, data } of session.client.events(
    objectPath(session.options.namespace, `${kind}s`, name, true),
  )) {
    if (event === 'deleted') return;
    if (event === kind) printOne(session, shown, data as Report, options);
  }
}

function isForPeople({ output }: GetOptions): boolean {
  return output === 'table' || output === 'wide';
}

function printOne<Report extends Named>(
  session: Session,
  shown: ShownKind<Report>,
  report: Report,
  options: GetOptions,
): void {
  if (options.output === 'json') session.print(serialise(report, 'json'));
  else if (options.output === 'yaml') session.print(['---', ...serialise(report, 'yaml')]);
  else printTable(session, shown, [report], options);
}

async function showAll<Report extends Named>(
  session: Session,
  shown: ShownKind<Report>,
  options: GetOptions,
): Promise<void> {
  const { namespace } = session.options;
  const query = listQuery(options.allNamespaces === true ? undefined : namespace);
  const list = (await session.client.get(`/api/v1/${shown.kind}s${query}`)) as { items: readonly Report[] };
  if (options.output === 'json' || options.output === 'yaml') session.print(serialise(list, options.output));
  else if (list.items.length > 0 || options.output === 'name') printTable(session, shown, list.items, options);
  else {
    const where = query === '' ? '' : ` in namespace ${namespace}`;
    session.context.stderr.write(`No ${shown.title}s found${where}.\n`);
  }
}

function printTable<Report extends Named>(
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
