import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/record/operations.test.ts'))
