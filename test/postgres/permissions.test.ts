import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/permissions.test.ts'))
