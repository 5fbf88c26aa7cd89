/** What the exit code says; docs/reference/cli.md lists them. */
export const EXIT = Object.freeze({
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  unauthorized: 5,
});

export const EXIT_MEANINGS: readonly (readonly [number, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'failed; the message says why'],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.unreachable, 'the gateway does not answer at the admin address'],
  [EXIT.refused, 'the configuration has problems and was refused'],
  [EXIT.unauthorized, 'no admin token in the data folder, or the gateway does not accept it'],
];
