import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/list-certificates.test.ts'))
