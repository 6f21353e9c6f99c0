import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/run-operation.test.ts'))
