/** Names one object of a kind. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}
