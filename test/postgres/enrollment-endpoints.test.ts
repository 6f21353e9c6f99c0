import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/enrollment-endpoints.test.ts'))
