import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/life-cycle.test.ts'))
