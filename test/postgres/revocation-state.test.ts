import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/revocation-state.test.ts'))
