import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/events-and-metrics.test.ts'))
