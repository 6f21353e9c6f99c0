import { onToken } from '../support/on-token.ts'

await onToken(() => import('../api/renewal.test.ts'))
