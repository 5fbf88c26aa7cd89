/** Methods that a call may have which is passed through. */
export const PASSTHROUGH_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type PassthroughMethod = (typeof PASSTHROUGH_METHODS)[number];

export const isPassthroughMethod = (method: string): method is PassthroughMethod =>
  PASSTHROUGH_METHODS.some((known) => known === method);

/**
 * `GET /fine_tuning/jobs`, `/vector_stores/*`, `POST /fine_tuning/**`: a method or none, then a path below the provider's base URL. A `*`
 * stands for one or more characters of one segment and comes once in it; `**` is the last segment and stands for one or more of them.
 */
export const PASSTHROUGH_RULE =
  /^(?:(?:GET|POST|PUT|PATCH|DELETE) )?(?=\/)(?:\/(?!\.{1,2}(?:\/|$))(?=[^/])[A-Za-z0-9._~!$&'()+,=:@-]*(?:\*(?!\*))?[A-Za-z0-9._~!$&'()+,=:@-]*)*(?:\/\*\*)?$/;

/** Whether a call of this method to this path, as `readPassedPath` has it, is open. */
export type PassthroughMatcher = (method: PassthroughMethod, path: string) => boolean;

/** Compiles rules once. What is no rule opens nothing. */
export function compilePassthroughRules(rules: readonly string[]): PassthroughMatcher {
  const open = rules.filter((rule) => PASSTHROUGH_RULE.test(rule)).map(compileRule);
  return (method, path) =>
    open.some((rule) => (rule.method === null || rule.method === method) && rule.fits(path));
}

interface OpenRule {
  readonly method: string | null;
  readonly fits: (path: string) => boolean;
}

function compileRule(rule: string): OpenRule {
  const space = rule.indexOf(' ');
  const method = space < 0 ? null : rule.slice(0, space);
  const segments = rule.slice(space + 2).split('/');
  const open = segments.at(-1) === '**';
  const wanted = open ? segments.slice(0, -1) : segments;
  return {
    method,
    fits: (path) => {
      const parts = path.slice(1).split('/');
      if (open ? parts.length <= wanted.length : parts.length !== wanted.length) return false;
      return wanted.every((segment, at) => fitsSegment(segment, parts[at] ?? ''));
    },
  };
}

function fitsSegment(wanted: string, part: string): boolean {
  const star = wanted.indexOf('*');
  if (star < 0) return wanted === part;
  const tail = wanted.slice(star + 1);
  return (
    part.length >= wanted.length && part.startsWith(wanted.slice(0, star)) && part.endsWith(tail)
  );
}
