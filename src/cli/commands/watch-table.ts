import { listQuery } from '../object-name.ts';
import { serialise } from '../output-format.ts';
import type { Session } from '../session.ts';
import { alignTo, widthsOf } from '../show/table.ts';
import type { GetOptions, ShownKind } from './get-objects.ts';

/** Prints the table of all objects of a kind, and then a line for each change, in the columns of the table. */
export async function watchTable<Report extends { readonly name: string }>(
  session: Session,
  { kind, header, row }: ShownKind<Report>,
  { output, allNamespaces = false }: GetOptions,
): Promise<void> {
  const { client, context, options, paint } = session;
  const shape = { isWide: output === 'wide', hasNamespaces: allNamespaces };
  const isTable = output === 'table' || output === 'wide';
  let widths = widthsOf([header(shape)]);
  const line = (item: Report): readonly string[] => {
    if (output === 'name') return [`${kind}.argoproj.io/${item.name}`];
    if (output === 'json' || output === 'yaml') return serialise(item, output);
    return alignTo(widths, [row(item, shape, context.clock.now())], paint);
  };
  let isFirst = true;
  const query = listQuery(allNamespaces ? undefined : options.namespace);
  // The API sends both by these schemas.
  for await (const { event, data } of client.events(`/api/v1/watch/${kind}s${query}`)) {
    if (event === `${kind}s`) {
      const { items } = data as { readonly items: readonly Report[] };
      widths = widthsOf([header(shape), ...items.map((item) => row(item, shape, context.clock.now()))]);
      if (isFirst && isTable) session.print(alignTo(widths, [header(shape)], paint));
      session.print(items.flatMap(line));
      isFirst = false;
    } else if (event === kind) {
      session.print(line(data as Report));
    }
  }
}
