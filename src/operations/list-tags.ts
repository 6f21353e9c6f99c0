import { ServiceError } from '../errors.ts'
import { listTags as listTagRows } from '../store/tags.ts'
import { required, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { requireAuthority } from './require-authority.ts'
import { arn, maxResults, nextToken, tagList } from './shapes.ts'
import { tagViewOf } from './tag-view.ts'

/** More than any CA has with the default quota. */
const pageSizeMax = 100

/** Lists the tags of a CA, page by page (AWS Private CA API, ListTags). */
export const listTags = operation({
  name: 'ListTags',
  input: structure({
    MaxResults: maxResults,
    NextToken: nextToken,
    CertificateAuthorityArn: required(arn),
  }),
  output: structure({
    NextToken: nextToken,
    Tags: tagList,
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    const authorityArn = input.CertificateAuthorityArn
    const { authority } = await requireAuthority(services, caller, {
      arn: authorityArn,
      event: 'administer',
    })
    const { arn: callerArn, region } = caller
    const scope = { operation: 'ListTags', callerArn, region, resource: authorityArn }
    const after =
      input.NextToken === undefined ? '' : services.pageTokens.open(scope, input.NextToken)
    if (after === undefined)
      throw new ServiceError('ValidationException', 'NextToken was not issued by this operation.')
    const limit = input.MaxResults ?? pageSizeMax
    const found = await listTagRows(services.db, authority.number, { after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = found.length > limit ? page.at(-1) : undefined
    return {
      ...(last && { NextToken: services.pageTokens.seal(scope, last.key) }),
      Tags: page.map(tagViewOf),
    }
  },
})
