import { Fault } from './expression-error.ts';
import {
  boolType,
  durationType,
  floatType,
  intType,
  isAssignable,
  isComparable,
  isInteger,
  isNumber,
  isUnknown,
  listOf,
  nilType,
  type StaticType,
  stringType,
  timeType,
  typeLabel,
  unknownType,
} from './static-type.ts';
import type { BinaryNode, BinaryOperator, UnaryNode } from './syntax.ts';

/** Type of an operator's result. Throws a Fault when its operand can never fit. */
export function checkUnary(node: UnaryNode, operand: StaticType): StaticType {
  if (node.operator === 'not') {
    if (operand.kind === 'bool' || isUnknown(operand)) return boolType;
  } else {
    if (isNumber(operand)) return operand;
    if (isUnknown(operand)) return unknownType;
  }
  throw new Fault('type', `"${node.operator}" cannot be applied to ${typeLabel(operand)}`, node.offset);
}

/** Type of an operator's result. Throws a Fault when its operands can never fit. */
export function checkBinary(node: BinaryNode, left: StaticType, right: StaticType): StaticType {
  const result = rules[node.operator](left, right);
  if (result !== undefined) return result;
  const operands = `${typeLabel(left)} and ${typeLabel(right)}`;
  throw new Fault('type', `"${node.operator}" cannot be applied to ${operands}`, node.offset);
}

type Rule = (left: StaticType, right: StaticType) => StaticType | undefined;
type Check = (type: StaticType) => boolean;

const isString: Check = (type) => type.kind === 'string';
const isBool: Check = (type) => type.kind === 'bool';
const isTime: Check = (type) => type.kind === 'time';
const isDuration: Check = (type) => type.kind === 'duration';

/** True when at least one type is unknown and the other one fits a check or is unknown too. */
function mayFit(left: StaticType, right: StaticType, ...checks: readonly Check[]): boolean {
  if (isUnknown(left)) return isUnknown(right) || checks.some((check) => check(right));
  return isUnknown(right) && checks.some((check) => check(left));
}

const logical: Rule = (left, right) =>
  (isBool(left) && isBool(right)) || mayFit(left, right, isBool) ? boolType : undefined;

const equality: Rule = (left, right) => (isComparable(left, right) ? boolType : undefined);

const ordering: Rule = (left, right) => {
  const same = [isNumber, isString, isTime, isDuration].some((check) => check(left) && check(right));
  return same || mayFit(left, right, isNumber, isString, isTime, isDuration) ? boolType : undefined;
};

const textual: Rule = (left, right) =>
  (isString(left) && isString(right)) || mayFit(left, right, isString) ? boolType : undefined;

const real: Rule = (left, right) =>
  (isNumber(left) && isNumber(right)) || mayFit(left, right, isNumber) ? floatType : undefined;

const promoted = (left: StaticType, right: StaticType): StaticType =>
  left.kind === 'float' || right.kind === 'float' ? floatType : intType;

const sum: Rule = (left, right) => {
  if (isNumber(left) && isNumber(right)) return promoted(left, right);
  if (isString(left) && isString(right)) return stringType;
  return (
    timeSum(left, right) ?? (mayFit(left, right, isNumber, isString, isTime, isDuration) ? unknownType : undefined)
  );
};

const timeSum: Rule = (left, right) => {
  if (isDuration(left) && isDuration(right)) return durationType;
  return (isTime(left) && isDuration(right)) || (isDuration(left) && isTime(right)) ? timeType : undefined;
};

const difference: Rule = (left, right) => {
  if (isNumber(left) && isNumber(right)) return promoted(left, right);
  if ((isTime(left) && isTime(right)) || (isDuration(left) && isDuration(right))) return durationType;
  if (isTime(left) && isDuration(right)) return timeType;
  return mayFit(left, right, isNumber, isTime, isDuration) ? unknownType : undefined;
};

const product: Rule = (left, right) => {
  if (isNumber(left) && isNumber(right)) return promoted(left, right);
  const fits = [left, right].every((type) => isNumber(type) || isDuration(type));
  if (fits) return durationType;
  return mayFit(left, right, isNumber, isDuration) ? unknownType : undefined;
};

const membership: Rule = (left, right) => {
  if (right.kind === 'map') {
    const key = right.storage === 'plain' ? stringType : ({ kind: 'any' } as const);
    return isUnknown(left) || isAssignable(left, key) ? boolType : undefined;
  }
  if (right.kind === 'list') return isComparable(left, right.element) ? boolType : undefined;
  return isUnknown(right) || (isUnknown(left) && isString(right)) ? boolType : undefined;
};

const coalesced: Rule = (left, right) => {
  if (left.kind === 'nil') return right.kind === 'nil' ? nilType : right;
  if (right.kind === 'nil' || isAssignable(right, left)) return left;
  return unknownType;
};

const rules: Readonly<Record<BinaryOperator, Rule>> = {
  or: logical,
  and: logical,
  '==': equality,
  '!=': equality,
  '<': ordering,
  '>': ordering,
  '<=': ordering,
  '>=': ordering,
  in: membership,
  matches: (left, right) =>
    left.kind === 'list' && left.storage === 'byte' && isString(right) ? boolType : textual(left, right),
  contains: textual,
  startsWith: textual,
  endsWith: textual,
  '..': (left, right) =>
    (isInteger(left) && isInteger(right)) || mayFit(left, right, isInteger) ? listOf(intType) : undefined,
  '+': sum,
  '-': difference,
  '*': product,
  '/': real,
  '%': (left, right) => ((isInteger(left) && isInteger(right)) || mayFit(left, right, isInteger) ? intType : undefined),
  '**': real,
  '??': coalesced,
};
