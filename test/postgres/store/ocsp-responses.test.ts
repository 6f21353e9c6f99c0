import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../../src/store/ocsp-responses.test.ts'))
