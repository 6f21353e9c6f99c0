/** `signet-ca/embedded`: a whole CA in the process, without a server and without a port. */
export { openEmbedded, type EmbeddedCa } from './embedded-ca.ts'
export type { Credentials } from '../src/text/credentials-file.ts'
export type { EmbeddedOptions } from './options.ts'
export type { FetchPublic } from './public.ts'
export type { EmbeddedRequestHandler, SdkRequest, SdkResponse } from './request-handler.ts'
