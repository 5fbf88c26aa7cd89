import { openApiDocument } from '../../packages/contract/src/admin/openapi.ts';
import { configJsonSchema } from '../../packages/contract/src/config/config-json-schema.ts';
import { profileJsonSchema } from '../../packages/simulator/src/profile/profile-json-schema.ts';
import { cliPage } from './cli-page.ts';
import { configPage } from './config-page.ts';
import { dialectsPage } from './dialects-page.ts';
import { errorsPage } from './errors-page.ts';
import { jsonText } from './json-text.ts';
import { metricsPage } from './metrics-page.ts';
import { providersPage } from './providers-page.ts';

/** Of the admin API, whose paths begin with `/api/v1`. */
const ADMIN_API_VERSION = '1.0.0';

/** Every generated page, by its path in the repository. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference/admin-api.json': () => jsonText(openApiDocument(ADMIN_API_VERSION)),
  'docs/reference/cli.md': cliPage,
  'docs/reference/config.md': configPage,
  'docs/reference/dialects.md': dialectsPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/keywell.schema.json': () => jsonText(configJsonSchema()),
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/simulator-profile.schema.json': () => jsonText(profileJsonSchema()),
  'docs/reference/providers.md': providersPage,
};
