import { randomBytes } from 'node:crypto';
import {
  addConsumer,
  type ConsumerPorts,
} from '@keywell/control/features/consumers/consumer-service';
import type { SettingStore } from '@keywell/storage/settings/setting-store';

const SETTING = 'first-consumer';
const ID = 'default';

/**
 * At the very first start of an installation that knows no consumer, one is made, so that the first call can be. Its key is returned
 * here, once; null at every later start.
 */
export async function addFirstConsumer(
  ports: Omit<ConsumerPorts, 'randomBytes'>,
  settings: SettingStore,
): Promise<string | null> {
  if ((await settings.get(SETTING)) !== null) return null;
  const known = ports.configuration.snapshot().consumers.length;
  if (known > 0) {
    await settings.setOnce(SETTING, 'not needed');
    return null;
  }
  const added = await addConsumer(
    { ...ports, randomBytes },
    { id: ID, name: 'made at the first start', models: ['*'], requestsPerMinute: null },
    { requestId: 'start', actor: 'first start', address: '' },
  );
  if (!added.ok) return null;
  await settings.setOnce(SETTING, ID);
  return added.value.key;
}
