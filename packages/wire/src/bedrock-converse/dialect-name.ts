import type { Dialect } from '../canonical/dialect.ts';

export const CONVERSE: Dialect = 'bedrock-converse';
