import assert from 'node:assert/strict';
import test from 'node:test';

import type { FieldErrors } from '../../src/api/field-error.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { validateRollout } from '../../src/api/validate-rollout.ts';
import { validationDifferences, type ValidationInput } from '../golden/differences-validation.ts';
import { readGolden } from '../golden/read-golden.ts';
import { pluginCapabilities, routerCapabilities } from './router-capabilities.ts';

interface Input extends ValidationInput {
  readonly kind: 'rollout' | 'routerConfig' | 'references';
  readonly rollout: Rollout;
  readonly templateResolvedFromRef?: boolean;
}

interface Expected {
  readonly errors: FieldErrors;
  readonly panic?: boolean;
}

function validate(input: Input): FieldErrors {
  const plugins = Object.keys(input.rollout.spec.strategy?.canary?.trafficRouting?.plugins ?? {});
  const routers = { ...routerCapabilities, ...Object.fromEntries(plugins.map((name) => [name, pluginCapabilities])) };
  return validateRollout(input.rollout, { routers, templateFromWorkload: input.templateResolvedFromRef ?? false });
}

function places(errors: FieldErrors): readonly string[] {
  return errors.map(({ field, type }) => `${field} ${type}`).toSorted();
}

for (const { name, input, expected } of readGolden<Input, Expected>('validation.json')) {
  if (input.kind !== 'rollout') continue;
  test(`validation, ${name}`, () => {
    const actual = validate(input);
    const wanted = validationDifferences
      .filter(({ applies }) => applies(input, expected.errors))
      .reduce((errors, { expect }) => expect(errors, actual), expected.errors);
    assert.deepEqual(places(actual), places(wanted), JSON.stringify(actual, undefined, 1));
    for (const { detail } of actual) assert.ok(detail.length > 5, 'every error says what would be right');
  });
}
