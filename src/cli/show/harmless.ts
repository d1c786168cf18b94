/**
 * A text from the cluster in a form that a terminal only shows: line breaks become spaces, and other controls, with
 * which it could be told to do things, are made visible.
 */
export function harmless(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '\uFFFD');
}
