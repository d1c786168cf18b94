import { ExpressionError } from '../src/analysis/expression/expression-error.ts';
import { evaluateExpression, parseExpression } from '../src/analysis/expression/expression.ts';
import { seededRandom } from '../src/base/random.ts';
import { generatedData, generateExpression } from '../test/analysis/expression/generate-expression.ts';

/**
 * Evaluates generated texts and stops with an error when one of them makes the interpreter throw, takes longer than
 * the limits allow, or when fewer than half of them can be parsed. `node bench/fuzz-expressions.ts [count] [seed]`;
 * the same seed gives the same texts. Times are those of the processor, which other work on the machine does not make
 * longer.
 */
const [count = 1_000_000, seed = 1] = process.argv.slice(2).map(Number);
const slowestMsMax = 2_000;
const parsedShareMin = 0.5;

const random = seededRandom(seed);
const startedAt = performance.now();
let [parsed, evaluated, slowestMs, slowest] = [0, 0, 0, ''];
const failures = new Map<string, number>();

for (let index = 0; index < count; index += 1) {
  const text = generateExpression(random);
  const before = processorMs();
  try {
    evaluate(text, index);
  } catch (error) {
    console.error(`seed ${seed}, text ${index}: ${JSON.stringify(text)}`);
    throw error;
  }
  const tookMs = processorMs() - before;
  if (tookMs > slowestMs) [slowestMs, slowest] = [tookMs, text];
  if (tookMs > slowestMsMax) throw new Error(`${JSON.stringify(text)} took ${tookMs.toFixed(0)} ms`);
}

const share = (part: number): string => `${((100 * part) / count).toFixed(1)} %`;
console.log(`${count} texts in ${((performance.now() - startedAt) / 1000).toFixed(1)} s, seed ${seed}`);
console.log(`parsed ${share(parsed)}, evaluated to a value ${share(evaluated)}`);
console.log(`errors by kind: ${[...failures].map(([kind, times]) => `${kind} ${times}`).join(', ')}`);
console.log(`slowest ${slowestMs.toFixed(1)} ms: ${JSON.stringify(slowest.slice(0, 200))}`);
if (parsed < parsedShareMin * count) throw new Error(`only ${share(parsed)} can be parsed`);

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function evaluate(text: string, index: number): void {
  const expression = parseExpression(text, ['result']);
  if (!expression.ok) {
    note(expression.error);
    return;
  }
  parsed += 1;
  const outcome = evaluateExpression(expression.value, generatedData[index % generatedData.length]!);
  if (outcome.ok) evaluated += 1;
  else note(outcome.error);
}

function note(error: unknown): void {
  if (!(error instanceof ExpressionError)) throw new Error('an error of another kind', { cause: error });
  failures.set(error.kind, (failures.get(error.kind) ?? 0) + 1);
}
