import { temporaryDatabases } from '../sqlite/temporary-databases.contract.ts';
import { describeForecastStore } from './forecast-store.contract.ts';
import { memoryForecastStore } from './memory-forecast-store.ts';
import { sqlForecastStore } from './sql-forecast-store.ts';

const database = temporaryDatabases();

describeForecastStore('in memory', async () => memoryForecastStore());
describeForecastStore('on SQLite', async () => sqlForecastStore((await database()).db));
