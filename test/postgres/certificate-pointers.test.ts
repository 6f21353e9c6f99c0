import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/certificate-pointers.test.ts'))
