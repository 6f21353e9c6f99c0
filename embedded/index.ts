/** `signet-ca/embedded`: a complete CA inside the process, without a server or a port. */
export { openEmbedded, type EmbeddedCa } from './embedded-ca.ts'
export type { Quotas } from '../src/authority/quotas.ts'
export type { Clock } from '../src/clock.ts'
export type { Credentials } from '../src/text/credentials-file.ts'
export type { EmbeddedOptions } from './options.ts'
export type { FetchPublic } from './public.ts'
export type { EmbeddedRequestHandler, SdkRequest, SdkResponse } from './request-handler.ts'
