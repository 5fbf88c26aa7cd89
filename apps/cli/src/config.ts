/** The only reader of the environment in this app. */
export interface Environment {
  /** https://no-color.org: any value turns colour off. */
  readonly noColor: boolean;
}

export function readEnvironment(): Environment {
  const noColor = process.env['NO_COLOR'];
  return { noColor: noColor !== undefined && noColor !== '' };
}
