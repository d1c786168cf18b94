import { dump } from 'js-yaml';

import type { KubeObject } from '../../api/object.ts';

/**
 * Places in an object where a chart puts something else. An object with slots is written as YAML, and then each slot
 * becomes text of Helm's template language, indented as it stands there.
 */
export class ChartSlots {
  readonly #texts: ((indent: string) => string)[] = [];

  /** A value: an expression. Only as the whole value of a key. */
  value(expression: string): string {
    return this.#add(() => `{{ ${expression} }}`);
  }

  /** A list or a map of the values, as it was given. Only as the whole value of a key. */
  block(expression: string): string {
    return this.#add((indent) => `{{- toYaml ${expression} | nindent ${indent.length + 2} }}`);
  }

  /** Lines in place of an item of a list, or of a key whose name this is. */
  lines(...lines: readonly string[]): string {
    return this.#add((indent) => lines.map((line) => `${indent}${line}`).join('\n'));
  }

  /** The template of an object. */
  render(object: KubeObject): string {
    return dump(object, { noRefs: true, lineWidth: -1 }).replaceAll(slotLine, (_, ...parts) => {
      // The last argument of a replacer is the groups of the match.
      const { indent = '', before = '', item, key, index = '' } = parts.at(-1) as Record<string, string | undefined>;
      const text = this.#texts[Number(index)]?.(indent) ?? '';
      return item !== undefined || key !== undefined ? text : `${indent}${before}${text}`;
    });
  }

  #add(text: (indent: string) => string): string {
    this.#texts.push(text);
    return `slot${this.#texts.length - 1}`;
  }
}

/** A slot as a value, as an item of a list, or as a key whose value says nothing. */
const slotLine = /^(?<indent> *)(?:(?<before>(?:- )?[^\s:]+: )|(?<item>- )|(?<key>))slot(?<index>\d+)(?:: null)?$/gm;
