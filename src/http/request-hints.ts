/** Hints for requests that cannot be identified. A hint states what the client most likely has to change. */
import { isPresigned } from '../wire/sigv4/presigned-url.ts'
import type { RequestHead } from './request.ts'

const ownServices: readonly string[] = ['acm-pca', 'sts']
const scopeForm = /Credential=[^/,\s]{1,128}\/\d{1,8}\/[^/,\s]{1,64}\/([a-z0-9-]{1,32})\//
const parameterForm = /^[^/]{1,128}\/\d{1,8}\/[^/]{1,64}\/([a-z0-9-]{1,32})\//

/**
 * Returns a hint for a request that is meant for another AWS service or lacks the headers of its presigned URL. Returns an
 * empty string for any other request.
 */
export function hintOf(head: RequestHead): string {
  const service = signedService(head)
  if (service !== undefined && !ownServices.includes(service))
    return `Signet serves acm-pca and sts; this request is for ${service}.`
  if (service !== 'acm-pca' || !isPresigned(head.query)) return ''
  return head.method === 'POST' && head.headers.has('x-amz-target')
    ? ''
    : 'Send a presigned URL of AWS Private CA with the method POST and the headers X-Amz-Target: ' +
        'ACMPrivateCA.OPERATION and Content-Type: application/x-amz-json-1.1.'
}

/** Returns the service name from the credential scope of the signature. The signature has not been verified at this point. */
function signedService({ headers, query }: RequestHead): string | undefined {
  const [authorization = ''] = headers.get('authorization') ?? []
  const parameter = isPresigned(query)
    ? (query.parameters.find(([name]) => name === 'X-Amz-Credential')?.[1] ?? '')
    : ''
  return (scopeForm.exec(authorization) ?? parameterForm.exec(parameter))?.[1]
}
