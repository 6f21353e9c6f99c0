import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/keep-expired.test.ts'))
