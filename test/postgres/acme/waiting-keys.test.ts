import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../api/acme/waiting-keys.test.ts'))
