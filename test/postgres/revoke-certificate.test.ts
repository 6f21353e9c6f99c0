import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/revoke-certificate.test.ts'))
