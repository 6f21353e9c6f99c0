import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/certificates.test.ts'))
