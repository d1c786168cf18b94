import { Budget, expressionLimits } from './budget.ts';
import { Fault } from './expression-error.ts';
import { type ArithmeticOperator, arithmetic, negate } from './operators.ts';
import type { BinaryNode, Node, UnaryNode } from './syntax.ts';
import type { Value } from './value.ts';

/**
 * An operator on constants becomes a constant. A constant operand of `and` and `or` decides or vanishes, on whichever
 * side it stands, so that the other side may never be evaluated. Throws a Fault for a division by zero.
 */
export function fold(node: UnaryNode | BinaryNode): Node {
  if (node.kind === 'unary') return foldUnary(node);
  if (node.operator === 'and' || node.operator === 'or') return foldLogical(node, node.operator === 'or');
  const [left, right] = [constant(node.left), constant(node.right)];
  if (left === undefined || right === undefined) return node;
  const isDecided = node.operator === '==' && typeof left === typeof right && typeof left !== 'number';
  if (isDecided) return literal(left === right, node);
  return isArithmetic(node.operator) ? foldArithmetic(node, node.operator, left, right) : node;
}

function foldUnary(node: UnaryNode): Node {
  const value = constant(node.operand);
  if (node.operator === 'not') return typeof value === 'boolean' ? literal(!value, node) : node;
  if (typeof value !== 'bigint' && typeof value !== 'number') return node;
  const result = node.operator === '-' ? negate(value) : value;
  return isConstant(result) ? literal(result, node) : node;
}

function isConstant(value: Value): value is Constant {
  return value !== null && typeof value !== 'object';
}

/** `decisive` is the value that decides alone: true for `or`, false for `and`. */
function foldLogical(node: BinaryNode, decisive: boolean): Node {
  const [left, right] = [constant(node.left), constant(node.right)];
  if (left === !decisive) return node.right;
  if (right === !decisive) return node.left;
  return left === decisive || right === decisive ? literal(decisive, node) : node;
}

function isArithmetic(operator: BinaryNode['operator']): operator is ArithmeticOperator {
  return ['+', '-', '*', '/', '%', '**'].includes(operator);
}

type Constant = boolean | bigint | number | string;

function foldArithmetic(node: BinaryNode, operator: ArithmeticOperator, left: Constant, right: Constant): Node {
  const isText = typeof left === 'string' && typeof right === 'string' && operator === '+';
  const isNumeric = [left, right].every((value) => typeof value === 'bigint' || typeof value === 'number');
  if (!isText && !isNumeric) return node;
  if (operator === '%' && right === 0n) throw new Fault('type', 'division of an int by zero', node.offset);
  // The operands stand in the text, so that its length bounds the result's.
  const result = arithmetic(operator, left, right, new Budget(expressionLimits));
  return isConstant(result) ? literal(result, node) : node;
}

function constant(node: Node): Constant | undefined {
  switch (node.kind) {
    case 'boolean':
    case 'integer':
    case 'float':
    case 'text':
      return node.value;
    default:
      return undefined;
  }
}

function literal(value: Constant, { offset }: Node): Node {
  if (typeof value === 'boolean') return { kind: 'boolean', value, offset };
  if (typeof value === 'bigint') return { kind: 'integer', value, offset };
  if (typeof value === 'number') return { kind: 'float', value, offset };
  return { kind: 'text', value, offset };
}
