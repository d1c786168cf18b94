/**
 * Replaces `$(NAME)` by the variable of that name. `$$` stands for a single `$`, so that `$$(NAME)` stays `$(NAME)`; a
 * reference to an unknown variable stays as it is. Source: the expansion rules of Kubernetes' container fields.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:\$|\(([^()]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? whole),
  );
}
