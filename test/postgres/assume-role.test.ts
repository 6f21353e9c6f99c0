import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/assume-role.test.ts'))
