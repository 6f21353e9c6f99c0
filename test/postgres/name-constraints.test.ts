import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/name-constraints.test.ts'))
