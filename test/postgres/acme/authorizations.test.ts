import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../api/acme/authorizations.test.ts'))
