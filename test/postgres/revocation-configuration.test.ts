import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/revocation-configuration.test.ts'))
