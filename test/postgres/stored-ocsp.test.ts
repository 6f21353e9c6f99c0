import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/stored-ocsp.test.ts'))
