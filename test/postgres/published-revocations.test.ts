import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/published-revocations.test.ts'))
