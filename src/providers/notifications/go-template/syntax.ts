import type { TemplateValue } from './template-value.ts';

/** A part of a template. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | { readonly kind: 'break' | 'continue'; readonly offset: number };

/** Commands, each of which gets what the one before it gave as its last argument. */
export interface Pipe {
  readonly commands: readonly Command[];
  /** Variables that the result goes to; two only in a range: the index and the element. */
  readonly variables: readonly string[];
  /** False when the variables exist already. */
  readonly declares: boolean;
  readonly offset: number;
}

/** An operand, or a function with its arguments. */
export type Command =
  | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Operand[]; readonly offset: number }
  | { readonly kind: 'operand'; readonly operand: Operand; readonly offset: number };

/** Something with a value, and the fields that are read from it. */
export interface Operand {
  readonly base:
    | { readonly kind: 'dot' }
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'literal'; readonly value: TemplateValue }
    | { readonly kind: 'pipe'; readonly pipe: Pipe }
    | { readonly kind: 'call'; readonly name: string };
  readonly fields: readonly string[];
  readonly offset: number;
}
