/** Exit codes of the verbs that live here; docs/reference/cli.md lists them with those of the other verbs. */
export const EXIT = Object.freeze({
  ok: 0,
  failed: 1,
  usage: 2,
  /** The configuration is wrong. */
  refused: 4,
});
