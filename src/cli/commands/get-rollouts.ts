import type { Command } from 'commander';

import type { RolloutDetail } from '../../server/view/rollout-detail.ts';
import type { RolloutReport } from '../../server/view/rollout-report.ts';
import type { CliContext } from '../context.ts';
import { listQuery, objectName, objectPath } from '../object-name.ts';
import { addOutputOption, serialise, type OutputFormat } from '../output-format.ts';
import { openSession, type Session } from '../session.ts';
import { rolloutHeader, rolloutRow, type ListShape } from '../show/rollout-table.ts';
import { rolloutTree } from '../show/rollout-tree.ts';
import { alignTo, table, widthsOf } from '../show/table.ts';
import { watchTree } from '../watch-tree.ts';

interface GetOptions {
  readonly output: OutputFormat;
  readonly watch?: boolean;
  readonly allNamespaces?: boolean;
}

const examples = `
Examples:
  sluice get rollouts                      all Rollouts of the namespace
  sluice get rollouts -A -o wide           of all namespaces, with their messages
  sluice get rollout web -n shop -w        one Rollout as a live tree
  sluice get rollout web -o json           one Rollout for a program`;

/** `get rollouts`: a table of Rollouts; with a name, everything about one. */
export function addGetRollouts(get: Command, context: CliContext): void {
  const command = get
    .command('rollouts')
    .aliases(['rollout', 'ro'])
    .argument('[name]', 'one Rollout; all without it')
    .description('Show Rollouts, or everything about one of them')
    .option('-w, --watch', 'go on and show changes')
    .option('-A, --all-namespaces', 'look in all namespaces')
    .addHelpText('after', examples);
  addOutputOption(command).action(async (name: string | undefined, options: GetOptions, self: Command) => {
    const session = openSession(self, context);
    if (name === undefined) await listRollouts(session, options);
    else await showRollout(session, objectName(name, 'rollout'), options);
  });
}

async function showRollout(session: Session, name: string, { output, watch }: GetOptions): Promise<void> {
  const { namespace } = session.options;
  if (watch === true && (output === 'table' || output === 'wide')) {
    await watchTree(session, namespace, name);
    return;
  }
  if (watch === true) {
    for await (const { event, data } of session.client.events(objectPath(namespace, 'rollouts', name, true))) {
      if (event === 'deleted') return;
      if (event === 'rollout') printDetail(session, data as RolloutDetail, output);
    }
    return;
  }
  // The API answers by this schema.
  printDetail(session, (await session.client.get(objectPath(namespace, 'rollouts', name))) as RolloutDetail, output);
}

function printDetail(session: Session, detail: RolloutDetail, output: OutputFormat): void {
  switch (output) {
    case 'json':
      session.print(serialise(detail, 'json'));
      return;
    case 'yaml':
      session.print(['---', ...serialise(detail, 'yaml')]);
      return;
    case 'name':
      session.print([nameLine(detail)]);
      return;
    case 'table':
    case 'wide':
      session.print(rolloutTree(detail, session.context.clock.now(), session.paint));
  }
}

async function listRollouts(session: Session, options: GetOptions): Promise<void> {
  const { output, watch = false, allNamespaces = false } = options;
  const query = listQuery(allNamespaces ? undefined : session.options.namespace);
  if (watch) {
    await watchList(session, query, options);
    return;
  }
  const list = (await session.client.get(`/api/v1/rollouts${query}`)) as { readonly items: readonly RolloutReport[] };
  if (output === 'json' || output === 'yaml') session.print(serialise(list, output));
  else if (output === 'name') session.print(list.items.map(nameLine));
  else if (list.items.length > 0) session.print(tableOf(session, list.items, shapeOf(options)));
  else session.context.stderr.write(`${nothingText(session, allNamespaces)}\n`);
}

function nothingText({ options }: Session, allNamespaces: boolean): string {
  return allNamespaces ? 'No Rollouts found.' : `No Rollouts found in namespace ${options.namespace}.`;
}

function shapeOf({ output, allNamespaces = false }: GetOptions): ListShape {
  return { isWide: output === 'wide', hasNamespaces: allNamespaces };
}

function tableOf(session: Session, items: readonly RolloutReport[], shape: ListShape): readonly string[] {
  const rows = items.map((item) => rolloutRow(item, shape, session.context.clock.now()));
  return table(rolloutHeader(shape), rows, session.paint);
}

/** Prints the table, and then a line for each change, in the columns of the table. */
async function watchList(session: Session, query: string, options: GetOptions): Promise<void> {
  const shape = shapeOf(options);
  let widths = widthsOf([rolloutHeader(shape)]);
  const line = (item: RolloutReport): readonly string[] => {
    if (options.output === 'name') return [nameLine(item)];
    if (options.output === 'json' || options.output === 'yaml') return serialise(item, options.output);
    return alignTo(widths, [rolloutRow(item, shape, session.context.clock.now())], session.paint);
  };
  let isFirst = true;
  for await (const { event, data } of session.client.events(`/api/v1/watch/rollouts${query}`)) {
    if (event === 'rollouts') {
      const { items } = data as { readonly items: readonly RolloutReport[] };
      const rows = items.map((item) => rolloutRow(item, shape, session.context.clock.now()));
      widths = widthsOf([rolloutHeader(shape), ...rows]);
      if (isFirst && shapesTable(options)) session.print(alignTo(widths, [rolloutHeader(shape)], session.paint));
      session.print(items.flatMap(line));
      isFirst = false;
    } else if (event === 'rollout') {
      session.print(line(data as RolloutReport));
    }
  }
}

function shapesTable({ output }: GetOptions): boolean {
  return output === 'table' || output === 'wide';
}

function nameLine({ name }: { readonly name: string }): string {
  return `rollout.argoproj.io/${name}`;
}
