import { FunctionFault, textLengthMax } from './function-fault.ts';
import { functionNamed } from './functions.ts';
import type { Command, Operand, Pipe, TemplateNode } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import { isTrue, kindOf, listIn, mapIn, sortedKeys, type TemplateValue, valueText } from './template-value.ts';

/** Units of work of one rendering. */
const stepsMax = 100_000;

/** Renders nodes with data as the first dot. Always ends. Throws a TemplateFault. */
export function evaluate(nodes: readonly TemplateNode[], data: TemplateValue): string {
  const machine: Machine = { output: [], length: 0, steps: 0, scopes: [new Map([['$', data]])] };
  walk(nodes, data, machine);
  return machine.output.join('');
}

interface Machine {
  readonly output: string[];
  length: number;
  steps: number;
  readonly scopes: Map<string, TemplateValue>[];
}

/** How a list of nodes ended. */
type Ending = 'end' | 'break' | 'continue';

function walk(nodes: readonly TemplateNode[], dot: TemplateValue, machine: Machine): Ending {
  for (const node of nodes) {
    const ending = walkNode(node, dot, machine);
    if (ending !== 'end') return ending;
  }
  return 'end';
}

function walkNode(node: TemplateNode, dot: TemplateValue, machine: Machine): Ending {
  switch (node.kind) {
    case 'text':
      write(node.text, 0, machine);
      return 'end';
    case 'action': {
      const value = setVariables(node.pipe, dot, machine);
      if (node.pipe.variables.length === 0) write(valueText(value), node.pipe.offset, machine);
      return 'end';
    }
    case 'if':
    case 'with':
      return inScope(machine, () => {
        const value = setVariables(node.pipe, dot, machine);
        const inner = node.kind === 'with' && isTrue(value) ? value : dot;
        return inScope(machine, () => walk(isTrue(value) ? node.body : node.otherwise, inner, machine));
      });
    case 'range':
      return inScope(machine, () => walkRange(node, dot, machine));
    case 'break':
    case 'continue':
      return node.kind;
  }
}

type RangeNode = Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>;

function walkRange({ pipe, body, otherwise }: RangeNode, dot: TemplateValue, machine: Machine): Ending {
  const entries = entriesOf(evaluatePipe(pipe, dot, machine), pipe.offset, machine);
  if (entries.length === 0) return inScope(machine, () => walk(otherwise, dot, machine));
  const [first, second] = pipe.variables;
  for (const [key, value] of entries) {
    step(pipe.offset, machine);
    const ending = inScope(machine, () => {
      const targets: readonly (readonly [string | undefined, TemplateValue])[] =
        second === undefined
          ? [[first, value]]
          : [
              [first, key],
              [second, value],
            ];
      for (const [name, given] of targets) if (name !== undefined) setVariable(name, given, pipe.declares, machine);
      return walk(body, value, machine);
    });
    if (ending === 'break') break;
  }
  return 'end';
}

type Entries = readonly (readonly [key: TemplateValue, value: TemplateValue])[];

function entriesOf(value: TemplateValue, offset: number, machine: Machine): Entries {
  if (value === undefined || value === null) return [];
  const items = listIn(value);
  if (items !== undefined) return items.map((item, index) => [BigInt(index), item] as const);
  const map = mapIn(value);
  if (map !== undefined) return sortedKeys(map).map((key) => [key, map[key]] as const);
  if (typeof value !== 'bigint') throw new TemplateFault(`range cannot go through a ${kindOf(value)}`, offset);
  if (value > BigInt(stepsMax - machine.steps)) throw new TemplateFault(`a range of ${value} is too long`, offset);
  return Array.from({ length: Math.max(Number(value), 0) }, (_, index) => [BigInt(index), BigInt(index)] as const);
}

function setVariables(pipe: Pipe, dot: TemplateValue, machine: Machine): TemplateValue {
  const value = evaluatePipe(pipe, dot, machine);
  for (const name of pipe.variables) setVariable(name, value, pipe.declares, machine);
  return value;
}

function setVariable(name: string, value: TemplateValue, declares: boolean, machine: Machine): void {
  const scope = declares ? machine.scopes.at(-1) : machine.scopes.findLast((candidate) => candidate.has(name));
  scope?.set(name, value);
}

function inScope<T>(machine: Machine, work: () => T): T {
  machine.scopes.push(new Map());
  const result = work();
  machine.scopes.pop();
  return result;
}

function evaluatePipe({ commands }: Pipe, dot: TemplateValue, machine: Machine): TemplateValue {
  let value: TemplateValue;
  for (const [index, command] of commands.entries()) {
    value = evaluateCommand(command, dot, index === 0 ? [] : [value], machine);
  }
  return value;
}

function evaluateCommand(
  command: Command,
  dot: TemplateValue,
  last: readonly TemplateValue[],
  machine: Machine,
): TemplateValue {
  step(command.offset, machine);
  if (command.kind === 'operand') return evaluateOperand(command.operand, dot, machine);
  const { name, parameters, offset } = command;
  const given: TemplateValue[] = [];
  for (const parameter of parameters) {
    const value = evaluateOperand(parameter, dot, machine);
    given.push(value);
    // The rest is not looked at, so it may be what would fail.
    if ((name === 'and' && !isTrue(value)) || (name === 'or' && isTrue(value))) return value;
  }
  return callFunction(name, [...given, ...last], offset);
}

function callFunction(name: string, given: readonly TemplateValue[], offset: number): TemplateValue {
  const called = functionNamed(name);
  if (called === undefined) throw new TemplateFault(`there is no function "${name}"`, offset);
  const { argumentsMin, argumentsMax = Number.POSITIVE_INFINITY } = called;
  if (given.length < argumentsMin || given.length > argumentsMax) {
    const wanted = argumentsMin === argumentsMax ? `${argumentsMin}` : `at least ${argumentsMin}`;
    throw new TemplateFault(`${name} takes ${wanted} arguments, not ${given.length}`, offset);
  }
  try {
    const value = called.call(given);
    if (typeof value !== 'string' || value.length <= textLengthMax) return value;
  } catch (thrown) {
    if (thrown instanceof FunctionFault) throw new TemplateFault(`${name}: ${thrown.message}`, offset);
    throw thrown;
  }
  throw new TemplateFault(`${name} makes more than ${textLengthMax} characters`, offset);
}

function evaluateOperand({ base, fields, offset }: Operand, dot: TemplateValue, machine: Machine): TemplateValue {
  step(offset, machine);
  let value: TemplateValue;
  switch (base.kind) {
    case 'dot':
      value = dot;
      break;
    case 'variable':
      value = machine.scopes.findLast((scope) => scope.has(base.name))?.get(base.name);
      break;
    case 'literal':
      return base.value;
    case 'pipe':
      value = evaluatePipe(base.pipe, dot, machine);
      break;
    case 'call':
      value = callFunction(base.name, [], offset);
  }
  for (const field of fields) value = fieldOf(value, field, offset);
  return value;
}

/** A key that is not there leads to nothing, and nothing has nothing in it; what is null has no fields. */
function fieldOf(value: TemplateValue, field: string, offset: number): TemplateValue {
  if (value === undefined) return undefined;
  const map = mapIn(value);
  if (map === undefined) throw new TemplateFault(`a ${kindOf(value)} has no field "${field}"`, offset);
  return Object.hasOwn(map, field) ? map[field] : undefined;
}

function step(offset: number, machine: Machine): void {
  machine.steps += 1;
  if (machine.steps > stepsMax) throw new TemplateFault(`more than ${stepsMax} steps`, offset);
}

function write(text: string, offset: number, machine: Machine): void {
  machine.length += text.length;
  if (machine.length > textLengthMax) throw new TemplateFault(`more than ${textLengthMax} characters`, offset);
  machine.output.push(text);
}
