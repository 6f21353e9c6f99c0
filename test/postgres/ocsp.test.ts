import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/ocsp.test.ts'))
