import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/idempotency-and-quotas.test.ts'))
