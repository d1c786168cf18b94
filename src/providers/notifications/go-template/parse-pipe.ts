import { functionNamed } from './functions.ts';
import { goUnquote } from './go-quote.ts';
import type { Token } from './lexer.ts';
import type { Command, Operand, Pipe } from './syntax.ts';
import { TemplateFault } from './template-fault.ts';
import type { TemplateValue } from './template-value.ts';
import type { TokenReader } from './token-reader.ts';

/** What a pipeline may refer to. */
export interface PipeScope {
  isKnown(variable: string): boolean;
  /** How many variables it may set: two in a range. */
  readonly variablesMax: 1 | 2;
}

/** Parentheses in each other. */
const depthMax = 50;

/** Reads a pipeline up to the end of the action or a closing parenthesis. Throws a TemplateFault. */
export function parsePipe(reader: TokenReader, scope: PipeScope, depth = 0): Pipe {
  const { offset } = reader.peek();
  if (depth > depthMax) throw new TemplateFault(`more than ${depthMax} parentheses in each other`, offset);
  const { variables, declares } = depth === 0 ? readTargets(reader, scope) : { variables: [], declares: false };
  const commands: Command[] = [];
  do {
    const command = readCommand(reader, scope, depth);
    if (commands.length > 0 && !takesArgument(command)) {
      throw new TemplateFault('after "|" there must be a function', command.offset);
    }
    commands.push(command);
  } while (reader.takeSign('|'));
  return { commands, variables, declares, offset };
}

function takesArgument(command: Command): boolean {
  return command.kind === 'call';
}

/** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
function readTargets(reader: TokenReader, scope: PipeScope): Pick<Pipe, 'variables' | 'declares'> {
  const count = targetCount(reader);
  if (count === 0) return { variables: [], declares: false };
  if (count > scope.variablesMax) throw new TemplateFault('only a range sets two variables', reader.peek(1).offset);
  const names = [reader.next()];
  if (count === 2) {
    reader.next();
    names.push(reader.next());
  }
  const sign = reader.next();
  if (sign.text !== ':=' && sign.text !== '=') throw new TemplateFault('":=" is missing', sign.offset);
  const declares = sign.text === ':=';
  const unknown = declares ? undefined : names.find(({ text }) => !scope.isKnown(text));
  if (unknown !== undefined) throw unknownVariable(unknown);
  return { variables: names.map(({ text }) => text), declares };
}

function targetCount(reader: TokenReader): 0 | 1 | 2 {
  const isVariable = (ahead: number): boolean => reader.peek(ahead).kind === 'variable';
  if (!isVariable(0) || reader.peek(1).kind !== 'sign') return 0;
  const { text } = reader.peek(1);
  if (text === ',') return isVariable(2) ? 2 : 0;
  return text === ':=' || text === '=' ? 1 : 0;
}

function readCommand(reader: TokenReader, scope: PipeScope, depth: number): Command {
  const first = reader.peek();
  if (first.kind === 'word' && !isConstant(first.text)) {
    reader.next();
    if (!isFieldAfter(reader)) {
      requireFunction(first);
      return { kind: 'call', name: first.text, parameters: readOperands(reader, scope, depth), offset: first.offset };
    }
    return { kind: 'operand', operand: callOperand(first, reader), offset: first.offset };
  }
  if (first.text === 'nil') throw new TemplateFault('nil alone says nothing', first.offset);
  const operand = readOperand(reader, scope, depth);
  const after = reader.peek();
  if (after.kind !== 'end' && (after.kind !== 'sign' || after.text === '(')) {
    throw new TemplateFault('what stands before this is no function, so it takes no arguments', after.offset);
  }
  return { kind: 'operand', operand, offset: first.offset };
}

function readOperands(reader: TokenReader, scope: PipeScope, depth: number): readonly Operand[] {
  const operands: Operand[] = [];
  for (;;) {
    const { kind, text } = reader.peek();
    if (kind === 'end' || (kind === 'sign' && text !== '(')) return operands;
    operands.push(readOperand(reader, scope, depth));
  }
}

function readOperand(reader: TokenReader, scope: PipeScope, depth: number): Operand {
  const token = reader.next();
  const { offset } = token;
  switch (token.kind) {
    case 'dot':
      return { base: { kind: 'dot' }, fields: [], offset };
    case 'field':
      return { base: { kind: 'dot' }, fields: [token.text.slice(1), ...readFields(reader)], offset };
    case 'variable':
      if (!scope.isKnown(token.text)) throw unknownVariable(token);
      return { base: { kind: 'variable', name: token.text }, fields: readFields(reader), offset };
    case 'number':
      return { base: { kind: 'literal', value: readNumber(token) }, fields: [], offset };
    case 'string':
      return { base: { kind: 'literal', value: readText(token) }, fields: [], offset };
    case 'word':
      if (!isConstant(token.text)) return callOperand(token, reader);
      return { base: { kind: 'literal', value: constants[token.text] ?? null }, fields: [], offset };
    case 'sign':
      if (token.text === '(') return readParentheses(reader, scope, depth, offset);
      throw new TemplateFault(`"${token.text}" is not expected here`, offset);
    case 'end':
      throw new TemplateFault('a value is missing here', offset);
  }
}

function readParentheses(reader: TokenReader, scope: PipeScope, depth: number, offset: number): Operand {
  const pipe = parsePipe(reader, scope, depth + 1);
  if (!reader.takeSign(')')) throw new TemplateFault('this parenthesis is not closed', offset);
  return { base: { kind: 'pipe', pipe }, fields: readFields(reader), offset };
}

function callOperand(token: Token, reader: TokenReader): Operand {
  requireFunction(token);
  return { base: { kind: 'call', name: token.text }, fields: readFields(reader), offset: token.offset };
}

function isFieldAfter(reader: TokenReader): boolean {
  const { kind, isJoined } = reader.peek();
  return kind === 'field' && isJoined;
}

/** Fields that follow without a blank. */
function readFields(reader: TokenReader): readonly string[] {
  const fields: string[] = [];
  while (isFieldAfter(reader)) fields.push(reader.next().text.slice(1));
  return fields;
}

const constants: Readonly<Record<string, TemplateValue>> = { true: true, false: false, nil: null };

function isConstant(word: string): boolean {
  return Object.hasOwn(constants, word);
}

function requireFunction({ text, offset }: Token): void {
  if (functionNamed(text) === undefined) throw new TemplateFault(`there is no function "${text}"`, offset);
}

function unknownVariable({ text, offset }: Token): TemplateFault {
  return new TemplateFault(`there is no variable ${text}`, offset);
}

function readNumber({ text, offset }: Token): TemplateValue {
  const digits = text.replaceAll('_', '');
  if (/^[+-]?\d+$/.test(digits)) {
    const value = BigInt(digits);
    if (value === BigInt.asIntN(64, value)) return value;
    throw new TemplateFault(`"${text}" does not fit into 64 bits`, offset);
  }
  return Number(digits);
}

function readText({ text, offset }: Token): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  const value = goUnquote(text);
  if (value === undefined) throw new TemplateFault(`${text} has an escape that is not known`, offset);
  return value;
}
