import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../api/acme/certificates.test.ts'))
