import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../../src/store/certificate-intents.test.ts'))
