import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../api/acme/changed-endpoints.test.ts'))
