/** What is up, for the person at the terminal. */
export interface Up {
  readonly trafficUrl: string;
  readonly adminUrl: string;
  readonly dataDir: string;
  readonly source: 'file' | 'last_good' | 'fallback';
  readonly configFile: string;
  readonly workers: number;
  /** The key of the first consumer, at the first start only. */
  readonly firstKey: string | null;
  /** A model that can be called. */
  readonly model: string | null;
}

/** The lines that are printed when everything is up. */
export function bannerLines(up: Up): readonly string[] {
  return [
    '',
    `  Keywell is up.`,
    '',
    `  Traffic   ${up.trafficUrl}/v1   (${up.workers} ${up.workers === 1 ? 'worker' : 'workers'})`,
    `  Admin     ${up.adminUrl}`,
    `  Data      ${up.dataDir}`,
    `  Config    ${configLine(up)}`,
    '',
    ...keyLines(up),
    '',
    '  Try it:',
    '',
    ...curlLines(up),
    '',
  ];
}

function configLine({ source, configFile }: Up): string {
  switch (source) {
    case 'file':
      return configFile;
    case 'last_good':
      return `the last good one; ${configFile} cannot be used (see above)`;
    default:
      return `none at ${configFile}, so a simulated provider answers`;
  }
}

function keyLines({ firstKey }: Up): readonly string[] {
  if (firstKey === null) {
    return ['  Keys are shown once. For another:  npm run keywell -- consumers add NAME'];
  }
  return [`  Your key  ${firstKey}`, '            It is shown this once and kept nowhere.'];
}

function curlLines({ trafficUrl, firstKey, model }: Up): readonly string[] {
  const body = `{"model":"${model ?? 'MODEL'}","messages":[{"role":"user","content":"Hello"}]}`;
  return [
    `  curl ${trafficUrl}/v1/chat/completions \\`,
    `    -H 'authorization: Bearer ${firstKey ?? '$KEYWELL_KEY'}' \\`,
    `    -H 'content-type: application/json' \\`,
    `    -d '${body}'`,
  ];
}
