import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
} from '../../src/api/quantity.ts';
import { readGolden } from '../golden/read-golden.ts';

interface Expected {
  readonly error?: true;
  readonly printed?: string;
  readonly comparedWith?: string;
  readonly comparison?: number;
  readonly sum?: string;
}

function read(text: string): Quantity {
  const parsed = parseQuantity(text);
  assert.ok(parsed.ok, `${text} is a quantity`);
  return parsed.value;
}

test('quantities are read, printed, compared and added as Kubernetes does', () => {
  for (const { name, input, expected } of readGolden<string, Expected>('quantity.json')) {
    const parsed = parseQuantity(input);
    assert.equal(parsed.ok, expected.error !== true, name);
    if (!parsed.ok) continue;
    assert.equal(formatQuantity(parsed.value), expected.printed, name);
    if (expected.comparedWith === undefined) continue;
    const other = read(expected.comparedWith);
    assert.equal(compareQuantities(other, parsed.value), expected.comparison, name);
    assert.equal(formatQuantity(addQuantities(other, parsed.value)), expected.sum, name);
  }
});

test('the suffix family of a quantity is kept', () => {
  const printed = ['1024Mi', '0.5', '1000', '12e2', '1.1Gi', '512', '100Ei', '1500m'].map((text) =>
    formatQuantity(read(text)),
  );
  assert.deepEqual(printed, ['1Gi', '500m', '1k', '1200', '1181116006400m', '512', '9223372036854775807', '1500m']);
});

test('what is no quantity is refused with what would be right', () => {
  for (const text of ['', 'abc', '1 ', '1.2.3', '1Zi', '1e', '0x10', '--1', '1e99999999999', 'Gi1', '1K']) {
    const parsed = parseQuantity(text);
    assert.ok(!parsed.ok, text);
    assert.match(parsed.error, /is not a quantity; write a number/);
  }
});

const amount = fc.record({
  sign: fc.constantFrom('', '-', '+'),
  digits: fc.bigInt({ min: 0n, max: 10n ** 22n }),
  fraction: fc.option(fc.stringMatching(/^\d{1,12}$/), { nil: undefined }),
  suffix: fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'E-2', 'e7'),
});

const quantityText = amount.map(
  ({ sign, digits, fraction, suffix }) => `${sign}${digits}${fraction === undefined ? '' : `.${fraction}`}${suffix}`,
);

test('a printed quantity is read back as the same amount and printed the same', () => {
  fc.assert(
    fc.property(quantityText, (text) => {
      const quantity = read(text);
      const printed = formatQuantity(quantity);
      // Only an amount beyond the largest suffix is printed without one; the reference does that too.
      fc.pre(compareQuantities(quantity, read('1000E')) < 0 && compareQuantities(quantity, read('-1000E')) > 0);
      assert.equal(compareQuantities(read(printed), quantity), 0);
      assert.equal(formatQuantity(read(printed)), printed);
    }),
  );
});

test('comparison is a total order that addition respects', () => {
  fc.assert(
    fc.property(quantityText, quantityText, quantityText, (first, second, third) => {
      const [a, b, c] = [read(first), read(second), read(third)];
      assert.equal(compareQuantities(a, b), -compareQuantities(b, a) + 0);
      assert.equal(compareQuantities(addQuantities(a, c), addQuantities(b, c)), compareQuantities(a, b));
      assert.equal(compareQuantities(addQuantities(a, b), addQuantities(b, a)), 0);
    }),
  );
});
