import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/conditions.test.ts'))
