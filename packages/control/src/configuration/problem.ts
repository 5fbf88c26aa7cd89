import { type ConfigProblem, showPath } from '@keywell/contract/config/config-problem';

/** Something wrong in a configuration file, with the place where it stands. */
export interface Problem {
  readonly file: string;
  /** From 1; 0 when no line can be named (the file is missing, too large, not text). */
  readonly line: number;
  readonly column: number;
  /** `providers[0].keys[1].value`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What would be right. */
  readonly hint: string;
}

/** Line and column of a path in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Finds a path in a parsed text: the name of its last step, or what it holds. */
export type Locate = (path: ConfigProblem['path'], at: ConfigProblem['at']) => Place;

/** A problem at its place. */
export function placeProblem(problem: ConfigProblem, file: string, locate: Locate): Problem {
  const { message, hint } = problem;
  return { file, ...locate(problem.path, problem.at), path: showPath(problem.path), message, hint };
}

/** A problem of the whole file. */
export function fileProblem(file: string, message: string, hint: string): Problem {
  return { file, line: 0, column: 0, path: '', message, hint };
}

/** The order in which people mend them. */
export function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}
