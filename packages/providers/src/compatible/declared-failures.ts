import type { FailureRecord } from '@keywell/core/keys/failure-record';
import { failurePattern } from '@keywell/core/keys/failure-pattern';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import { classifyBy } from './classify.ts';
import type { FailureRule } from './failure-rule.ts';
import type { Vendor } from './vendor.ts';

/**
 * A vendor whose table begins with the rows that an operator declared, in their order: whoever runs the provider knows it better than
 * the table, and a row of theirs can overrule any of the vendor's. Compiled once for a candidate, not for a request.
 */
export function withDeclared(vendor: Vendor, declared: readonly FailureRecord[]): Vendor {
  if (declared.length === 0) return vendor;
  const failures = [...declared.map(ruleOf), ...vendor.failures];
  const classify = (outcome: Outcome): Verdict => classifyBy(failures, vendor.readLimits, outcome);
  return { ...vendor, failures, classify };
}

function ruleOf(record: FailureRecord): FailureRule {
  const { name, status, code, type, message, class: of, scope, level, dimension, ends } = record;
  return {
    name,
    ...(status.length === 0 ? {} : { status }),
    ...(code.length === 0 ? {} : { code }),
    ...(type.length === 0 ? {} : { type }),
    ...(message === null ? {} : { message: failurePattern(message) }),
    verdict: {
      class: of,
      scope,
      ...(level === null ? {} : { level }),
      ...(dimension === null ? {} : { dimension }),
      ends,
    },
  };
}
