import { errorsPage } from './errors-page.ts';
import { metricsPage } from './metrics-page.ts';

/** Every generated page, by its path in the repository. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference/errors.md': errorsPage,
  'docs/reference/metrics.md': metricsPage,
};
