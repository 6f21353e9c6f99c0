import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/web-identity.test.ts'))
