import { onToken } from '../support/on-token.ts'

await onToken(() => import('../conformance/x509-judges.test.ts'))
