import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { ContractCase } from './case.ts';
import { widget } from './widget.ts';

const mebibyte = 1024 * 1024;

/** How large objects may be. */
export const limitCases: readonly ContractCase[] = [
  {
    name: 'objects have a size limit',
    needs: [],
    async run({ client, tools }) {
      const notes = (bytes: number) => ({ spec: { notes: { text: 'x'.repeat(bytes) } } });
      await tools.expect(
        'under the limit',
        () => client.create(widget.type, 'large', notes(1.2 * mebibyte)),
        ({ metadata }) => metadata.name,
      );
      await tools.expectError('stored object', 'TooLarge', () =>
        client.create(widget.type, 'one', notes(1.7 * mebibyte)),
      );
      await tools.expectError('request', 'TooLarge', () => client.create(widget.type, 'one', notes(4 * mebibyte)));
      await tools.expectError('patch that makes it too large', 'TooLarge', () =>
        client.merge(widget.type, 'large', { spec: { anything: { more: 'x'.repeat(0.5 * mebibyte) } } }),
      );
      await tools.expectError('ConfigMap', 'Invalid', () =>
        client.create(resourceTypes.configMap, 'one', { data: { text: 'x'.repeat(1.1 * mebibyte) } }),
      );
      await tools.expectError('annotations', 'Invalid', () =>
        client.create(widget.type, 'one', { metadata: { annotations: { text: 'x'.repeat(0.3 * mebibyte) } } }),
      );
    },
  },
];
