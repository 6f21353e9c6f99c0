import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/est/deleted-endpoints.test.ts'))
