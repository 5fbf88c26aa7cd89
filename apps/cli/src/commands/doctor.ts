import { CliError } from '../cli-error.ts';
import { examine } from '../doctor/examine.ts';
import { gatherFacts } from '../doctor/gather-facts.ts';
import { EXIT } from '../exit-codes.ts';
import { renderFindings } from '../doctor/render-findings.ts';
import { createPaint } from '../render/paint.ts';
import type { GlobalOptions, Surroundings } from '../terminal.ts';

/** `keywell doctor`: what is right and wrong with this installation. Fails when a line does. */
export async function doctor(surroundings: Surroundings, options: GlobalOptions): Promise<void> {
  const { terminal } = surroundings;
  const findings = examine(await gatherFacts(surroundings, options));
  terminal.out(
    options.json
      ? `${JSON.stringify(findings)}\n`
      : renderFindings(findings, createPaint(terminal.color)),
  );
  const failed = findings.filter((finding) => finding.state === 'fail').length;
  if (failed > 0) throw new CliError(EXIT.failed, `${failed} of ${findings.length} checks failed.`);
}
