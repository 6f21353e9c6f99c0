import { listTags as listTagRows } from '../../store/tags.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { readPage } from '../shared/read-page.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn, maxResults, nextToken, tagList } from '../shared/shapes.ts'
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
    const { rows, more } = await readPage(services.pageTokens, {
      scope: { operation: 'ListTags', callerArn, region, resource: authorityArn },
      nextToken: input.NextToken,
      limit: input.MaxResults ?? pageSizeMax,
      errorCode: 'ValidationException',
      read: (after = '', limit) => listTagRows(services.db, authority.number, { after, limit }),
      positionOf: (row) => row.key,
    })
    return { ...more, Tags: rows.map(tagViewOf) }
  },
})
