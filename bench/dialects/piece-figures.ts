import { cost } from '../cost-of.ts';
import {
  answerPiece,
  pairName,
  requestPiece,
  streamPiece,
  WORDS_A_STREAM,
  type Pair,
} from './pieces.ts';

/** Processor time of one pair's pieces, microseconds. */
export interface PieceFigures {
  readonly pair: string;
  readonly requestUs: number;
  readonly answerUs: number;
  readonly eventUs: number;
}

/** The pieces of each pair on this thread. */
export function pieceFigures(pairs: readonly Pair[]): readonly PieceFigures[] {
  return pairs.map((pair) => ({
    pair: pairName(pair),
    requestUs: cost(requestPiece(pair)) / 1000,
    answerUs: cost(answerPiece(pair)) / 1000,
    eventUs: cost(streamPiece(pair)) / 1000 / WORDS_A_STREAM,
  }));
}
