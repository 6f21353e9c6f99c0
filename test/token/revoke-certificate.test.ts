import { onToken } from '../support/on-token.ts'

await onToken(() => import('../api/revoke-certificate.test.ts'))
