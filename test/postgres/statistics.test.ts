import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/statistics.test.ts'))
