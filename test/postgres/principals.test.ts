import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/principals.test.ts'))
