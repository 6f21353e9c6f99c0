import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/access.test.ts'))
