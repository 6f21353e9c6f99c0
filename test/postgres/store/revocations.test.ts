import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../../src/store/revocations.test.ts'))
