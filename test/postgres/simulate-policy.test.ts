import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/simulate-policy.test.ts'))
