import {
  openCooldownStore,
  type OpenCooldownStore,
} from '@keywell/storage/cooldowns/sql-cooldown-store';
import { sqlAccountStore } from '@keywell/storage/accounts/sql-account-store';
import type { AccountStore } from '@keywell/storage/accounts/account-store';
import { openObjectStore, type OpenObjectStore } from '@keywell/storage/objects/sql-object-store';
import { openSpendStore, type OpenSpendStore } from '@keywell/storage/budgets/sql-spend-store';
import type { AlertStore } from '@keywell/storage/alerts/alert-store';
import { sqlAlertStore } from '@keywell/storage/alerts/sql-alert-store';
import { sqlAuditStore } from '@keywell/storage/audit/sql-audit-store';
import type { AuditStore } from '@keywell/storage/audit/audit-store';
import { sqlConsumerStore } from '@keywell/storage/consumers/sql-consumer-store';
import type { ConsumerStore } from '@keywell/storage/consumers/consumer-store';
import type { ForecastStore } from '@keywell/storage/forecast/forecast-store';
import { sqlForecastStore } from '@keywell/storage/forecast/sql-forecast-store';
import type { DataPaths } from '@keywell/storage/paths';
import { openMasterKey, type MasterKey } from '@keywell/storage/secrets/master-key';
import { sqlSettingStore } from '@keywell/storage/settings/sql-setting-store';
import type { SettingStore } from '@keywell/storage/settings/setting-store';
import { sqlSnapshotStore } from '@keywell/storage/snapshots/sql-snapshot-store';
import type { SnapshotStore } from '@keywell/storage/snapshots/snapshot-store';
import { openDatabase } from '@keywell/storage/sqlite/database';

/** Everything that is kept in the data folder, opened. */
export interface Stores {
  readonly settings: SettingStore;
  readonly consumers: ConsumerStore;
  readonly snapshots: SnapshotStore;
  readonly audit: AuditStore;
  readonly accounts: AccountStore;
  readonly forecast: ForecastStore;
  readonly alerts: AlertStore;
  readonly cooldowns: OpenCooldownStore;
  readonly spend: OpenSpendStore;
  readonly objects: OpenObjectStore;
  readonly masterKey: MasterKey;
  close(): Promise<void>;
}

/** Throws StorageError, whose message says what to do, when something in the folder cannot be used. */
export async function openStores(paths: DataPaths): Promise<Stores> {
  const database = await openDatabase({ file: paths.database });
  const settings = sqlSettingStore(database.db);
  const masterKey = await openMasterKey({ file: paths.masterKey, settings });
  const cooldowns = await openCooldownStore({ file: paths.cooldowns });
  const spend = await openSpendStore({ file: paths.budgets });
  const objects = await openObjectStore({ file: paths.objects });
  return {
    settings,
    consumers: sqlConsumerStore(database.db),
    snapshots: sqlSnapshotStore(database.db),
    audit: sqlAuditStore(database.db),
    accounts: sqlAccountStore(database.db),
    forecast: sqlForecastStore(database.db),
    alerts: sqlAlertStore(database.db),
    cooldowns,
    spend,
    objects,
    masterKey,
    close: async () => {
      await cooldowns.close();
      await spend.close();
      await objects.close();
      await database.close();
    },
  };
}
